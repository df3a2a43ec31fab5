// Package client asks a server: it finds the one that runs on this host, or takes the address that it
// is given, sends requests to the admin API or to a monitoring port, and turns what is refused into
// errors that say why.
//
// It knows no command, no flag and no form of output, and it keeps answers as the bytes that came. The
// programs below cmd and the other packages of internal/ctl may import it; it imports internal/admin/api.
package client
