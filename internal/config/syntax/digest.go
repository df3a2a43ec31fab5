package syntax

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// digest hashes the JSON form of the tree: sorted keys, no white space, and the line feed that a
// JSON encoder ends with.
func digest(t *Table) string {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(t.plain()); err != nil {
		return "" // out of reach: a tree holds nothing that JSON has no form for
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// plain returns the table in plain Go types.
func (t *Table) plain() map[string]any {
	m := make(map[string]any, len(t.Entries))
	for _, e := range t.Entries {
		m[e.Key] = e.Value.plain()
	}
	return m
}

func (v *Value) plain() any {
	switch v.Kind {
	case Bool:
		return v.Bool
	case Int:
		return v.Int
	case Float:
		return v.Float
	case Time:
		return v.Time
	case Array:
		items := make([]any, len(v.Items))
		for i, item := range v.Items {
			items[i] = item.plain()
		}
		return items
	case Map:
		return v.Map.plain()
	}
	return v.Str
}
