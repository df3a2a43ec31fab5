// Natsd is a NATS server.
//
// This package is the command only: it reads the command line, loads the configuration, starts the
// server of internal/server and carries signals to it, or sends a signal to another natsd. It decides
// exit codes and is the only place that ends the process. Nobody imports it.
package main
