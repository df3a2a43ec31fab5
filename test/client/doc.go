// Package client tests natsd with the real Go client: every verb, every way to log in, every TLS
// mode, and what happens to a client when the server goes, comes back, or the client is slow.
//
// There is nothing here to import. With -peer the same tests run against nats-server.
package client
