// Package task owns goroutines. A [Group] starts them, gives them one context, knows by name how many
// run, and waits until all have returned. Every go statement of natsd is in this package, so that each
// goroutine has an owner.
//
// It is not a scheduler, a pool or an error collector: a task that can fail reports to its owner by
// its own means. Any package may import it; it imports the standard library only.
package task
