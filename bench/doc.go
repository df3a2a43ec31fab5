// Bench is a duel: natsd, built from this tree, against nats-server, on the same work.
//
// The two servers run in turn, one process per measurement, on the loopback interface, pinned to one
// processor while the load has another one. The load speaks the raw protocol, has its messages
// encoded beforehand, keeps a bounded number of them in flight and checks every delivery: exactly
// once, in order, by a number in the payload; the payload itself now and then. What counts is the
// processor time that the server spends per message, and the ratio of the two within a round, since
// both halves of a pair met the same machine. A relay, which only copies bytes from one socket to
// others, shows what the kernel alone takes.
//
// A workload is a function in a file of its own and a line in [works]. It gets a running server, or
// starts as many as it needs, and returns a sample: one figure that counts, the smaller the better, and
// whatever else is worth to be shown.
//
// It measures servers from outside and imports nothing of natsd. Nothing in it judges speed: the
// tests run the work for moments, for the sake of the checks.
package main
