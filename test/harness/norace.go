//go:build !race

package harness

// Race tells that everything runs under the race detector.
const Race = false

var buildFlags []string
