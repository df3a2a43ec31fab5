package server

import (
	"maps"
	"slices"
	"strings"

	"natsd/internal/config"
)

// featureLines words feature_flags for the log: what was switched, and what nobody knows.
func featureLines(flags map[string]bool) []string {
	if len(flags) == 0 {
		return nil
	}
	defaults := config.KnownFeatures()
	var known, unknown []string
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		if usual, ok := defaults[name]; ok {
			known = append(known, name+" ("+switched(usual, flags[name])+")")
		} else {
			unknown = append(unknown, name)
		}
	}
	if known == nil {
		known = []string{"none"}
	}
	lines := []string{"  Feature flags:", "    Configured:    " + strings.Join(known, ", ")}
	if unknown != nil {
		lines = append(lines, "    Unsupported:   "+strings.Join(unknown, ", "))
	}
	return lines
}

// switched says what setting a feature changes.
func switched(usual, set bool) string {
	switch {
	case set && !usual:
		return "opt-in"
	case usual && !set:
		return "opt-out"
	case set:
		return "enabled"
	default:
		return "disabled"
	}
}
