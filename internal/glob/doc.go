// Package glob compares names with patterns, as operators write them: "worker-*".
//
// It is not for subjects, whose wildcards stand for tokens: those are in package subject. It imports
// nothing and may be imported by everybody.
package glob
