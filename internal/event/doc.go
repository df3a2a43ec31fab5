// Package event tells what happens in a server: connections that come and go, users that are refused,
// reloads, the end. Whoever sees something happen publishes it to the server's [Hub]; the advisories
// of the system account and the event stream of the admin API subscribe.
//
// What nobody listens to costs one atomic load. Publishing never waits: each subscription has a bound,
// and counts what did not fit.
//
// It is not for what happens per message, not a log, and not the place where events are rendered. Any
// package above status may import it.
package event
