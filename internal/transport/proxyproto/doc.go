// Package proxyproto reads the PROXY protocol header, versions 1 and 2, that a load balancer puts
// in front of a connection to tell the address of the real client.
//
// It is a pull parser over bytes that the caller has read: no I/O, no timers, no goroutines. Who may
// send a header is the caller's policy; [From] is the check for it. It stands beside the other
// transports (layer 5) and knows nothing of NATS; the connection layer and everything above may
// import it.
package proxyproto
