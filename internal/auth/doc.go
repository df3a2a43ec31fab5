// Package auth decides who may connect and what is granted to them.
//
// An [Auth] is built from one configuration snapshot and never changes: a chain of small methods
// (open, nkey, no_auth_user, certificate, users, token, single user), each in a file of its own,
// asked in the order in which nats-server applies them. The first method that a request concerns
// decides. All connections of a user share one [Grant].
//
// What has to live longer than a snapshot (failed logins, the slots for bcrypt) is handed from one
// Auth to the next by [New].
//
// Refusals look the same from outside and, as far as one can measure, take the same time: a user
// that does not exist costs as much as a wrong password. The real cause is in [Refusal.Detail],
// for the debug log; no secret is ever part of it.
//
// The package has no way back to the connection, starts no goroutines and writes no logs. It stands
// in layer 4; connections, links and the server may import it.
package auth
