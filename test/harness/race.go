//go:build race

package harness

// buildFlags build natsd with the race detector when the tests run with it: a race inside the
// process then shows as its exit code and in its log.
var buildFlags = []string{"-race"}
