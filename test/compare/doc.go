// Package compare gives the same bytes to natsd and to nats-server and compares what both answer.
//
// A difference is a fault of natsd unless a table here explains it. An explained difference that
// has gone is an error too, so that the tables stay true. There is nothing here to import.
package compare
