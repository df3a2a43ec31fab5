// Package abuse attacks natsd through its client port, its configuration and its surroundings, as
// the catalogue of threats lists them, and looks for secrets in everything that natsd says.
//
// Every test ends with a healthy server: a client that behaves is served at once. There is nothing
// here to import. The tests are about natsd; nats-server does not withstand several of them.
package abuse
