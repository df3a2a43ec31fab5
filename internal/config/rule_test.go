package config

import (
	"fmt"
	"testing"
)

func TestPlaceOfRule(t *testing.T) {
	t.Parallel()
	o := loadText(t, `authorization {
  default_permissions { publish: ["d.>"] }
  users: [
    {user: ann, password: a, permissions: {
      publish { allow: ["x",
        "y"], deny: "z" }
      subscribe: ["s1", "s2"]
      allow_responses: true
    }}
    {user: bob, password: b}
  ]
}
accounts { APP { users: [ {user: eve, password: e, permissions {publish: "only"}} ] } }
`)
	for want, r := range map[string]Rule{
		"6:9":   {"$G", "ann", "publish", "allow", 1},
		"6:21":  {"$G", "ann", "publish", "deny", 0},
		"7:25":  {"$G", "ann", "subscribe", "allow", 1},
		"8:24":  {"$G", "ann", "publish", "allow_responses", -1},
		"2:35":  {"$G", "bob", "publish", "allow", 0},
		"13:74": {"APP", "eve", "publish", "allow", 0},
	} {
		pos, ok := o.Archive.PlaceOf(r)
		if got := fmt.Sprintf("%d:%d", pos.Line, pos.Col); !ok || got != want {
			t.Errorf("%+v: %s, want %s", r, got, want)
		}
	}
	for _, r := range []Rule{{"$G", "eve", "publish", "allow", 0}, {"APP", "x", "publish", "allow", 0}, {"X", "eve", "publish", "allow", 0}} {
		if pos, ok := o.Archive.PlaceOf(r); ok {
			t.Errorf("%+v stands at %s", r, pos)
		}
	}
}
