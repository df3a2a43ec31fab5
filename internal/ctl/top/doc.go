// Package top shows what a server does as it does it: a screen that is kept up to date, with views of
// the server, its connections, accounts, routes and slow consumers, or the same as text and CSV.
//
// A Source gives a Sample whenever it is asked: a server, or a recording of one. The Model keeps the last
// samples, works out rates, and turns keys into another screen; it knows no terminal and can be tested as
// a value. Run puts it on a terminal.
//
// The columns, the sort keys and the keys to press are those of nats-top, as far as that has them. It
// knows no flags: cmd/natsctl imports it. It imports internal/ctl/client and internal/ctl/output.
package top
