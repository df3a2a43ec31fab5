// Natsctl shows and changes what natsd servers do, through their admin API or, read-only, through the
// monitoring port that a nats-server has as well; it also checks and converts configuration files.
//
// This package is the tree of commands: words, flags, what to ask for and how to show it, exit codes.
// Speaking to a server is the business of internal/ctl/client, tables and other forms that of
// internal/ctl/output. It is the only place that ends the process. Nobody imports it.
package main
