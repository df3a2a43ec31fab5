// Package reload changes the configuration of a running server as one transaction: either all of a
// new configuration is in force afterwards, or nothing has changed.
//
// A [Component] is a part of the server that can take a new configuration. The [Manager] asks every
// component for a plan, lets all plans prepare whatever can be refused (bind, open, load, compile)
// while none of it can be seen, then lets all of them commit, which cannot fail, publishes the new
// snapshot under the next generation, and lets them settle: drain the old, drop who lost the right.
// What is refused before the first commit is aborted in reverse order, and every refusal is reported
// with its place. Every attempt has a [Report]; the last ones are kept with their configurations.
//
// [Diff] compares two snapshots by the registry of keys and by the content of users and accounts, so
// that order, comments and notation make no difference, and that a section which did not change can
// neither refuse nor disturb. The guard refuses a configuration that would take away all
// authentication, TLS or accounts, which is what a file that was cut off looks like.
//
// The package knows the configuration and nothing of connections, sockets or logs: those are the
// components' business. It starts no goroutine; everything runs on the goroutine that asked. It
// imports config and what is below; server and admin may import it.
package reload
