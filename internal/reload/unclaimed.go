package reload

import (
	"strings"

	"natsd/internal/config"
)

// Unclaimed returns the keys that have an effect in this version and that no component says it puts
// into force. It is for the test that nothing is reported as applied which nobody applies.
func Unclaimed(components []Component) (keys []string) {
	owned := map[string]string{}
	claim(owned, components)
	pending := map[string]string{}
	for k := range config.Keys {
		path := strings.ReplaceAll(k.Path, "[]", ".[]")
		switch {
		case k.Pending != "" || owner(pending, path) != "":
			pending[path] = k.Path
		case k.Expand == nil && owner(owned, path) == "":
			keys = append(keys, k.Path)
		}
	}
	return keys
}

// claim notes by key which component puts it into force.
func claim(owned map[string]string, components []Component) {
	for _, c := range components {
		if o, ok := c.(Owner); ok {
			for _, key := range o.Keys() {
				owned[key] = c.Name()
			}
		}
	}
}

// owner returns the component that claims a key, or the nearest one above it.
func owner(owned map[string]string, path string) string {
	for ; path != ""; path = parent(path) {
		if name, ok := owned[path]; ok {
			return name
		}
	}
	return ""
}

// parent returns the path without its last element.
func parent(path string) string { return path[:max(0, strings.LastIndexByte(path, '.'))] }
