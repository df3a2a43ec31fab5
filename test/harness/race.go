//go:build race

package harness

// Race tells that everything runs under the race detector, many times slower: tests leave out what
// they say about time.
const Race = true

// buildFlags build natsd with the race detector when the tests run with it: a race inside the
// process then shows as its exit code and in its log.
var buildFlags = []string{"-race"}
