package config

import (
	"fmt"
	"strings"
)

// hint suggests what the operator may have meant by an unknown key: a name close to it in the same
// block, or the block in which that key does exist.
func (d *decoder) hint(n *node, key string) string {
	name := strings.ToLower(key)
	if best := closest(name, n.options()); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	var elsewhere []string
	d.tree.each(func(c *node) {
		if c.name == name && c.key.named() && len(elsewhere) < 3 {
			elsewhere = append(elsewhere, inWords(c.path))
		}
	})
	if len(elsewhere) > 0 {
		return fmt.Sprintf("%q is a key %s", name, strings.Join(elsewhere, ", or "))
	}
	return ""
}

// inWords says where the key at path stands.
func inWords(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return "of " + path[:i]
	}
	return "of the top level"
}

// closest returns the option with the smallest edit distance to name, "" when none is near.
func closest(name string, options []string) string {
	best, limit := "", 1+len(name)/4
	for _, o := range options {
		if dist := distance(name, o, limit); dist <= limit {
			best, limit = o, dist-1
		}
	}
	return best
}

// distance counts inserted, deleted, changed and swapped letters between a and b, and gives up
// beyond limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var before, prev, row []int
	for j := range len(b) + 1 {
		prev = append(prev, j)
	}
	for i := range len(a) {
		row = []int{i + 1}
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			best := min(row[j]+1, prev[j+1]+1, prev[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				best = min(best, before[j-1]+1)
			}
			row = append(row, best)
		}
		before, prev = prev, row
	}
	return prev[len(b)]
}
