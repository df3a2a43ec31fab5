package compare

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestRandomPermissions gives both servers users with rules made at random, and lets them publish
// and subscribe over a small set of subjects, so that every kind of overlap of allow, deny,
// subscription and message comes up.
func TestRandomPermissions(t *testing.T) {
	t.Parallel()
	configs, scripts := 12, 25
	if os.Getenv("NATSD_SOAK") == "1" {
		configs, scripts = 300, 60
	}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range configs {
		conf := randomRules(r)
		var texts []string
		for range scripts {
			texts = append(texts, randomUse(r))
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			p := startPair(t, conf)
			for _, text := range texts {
				if diff := p.diff(t, script(t, text)); diff != "" {
					t.Errorf("natsd (+) answers otherwise than the peer (-):\n%s\nconfiguration: %s\nscript:\n%s", diff, conf, text)
					return
				}
			}
		})
	}
}

var (
	// nested are subjects of which two are disjoint or one covers the other. Only these are for
	// subscribing: where a subscription overlaps a rule in part, nats-server 2.9.10 delivers what is
	// denied (GHSA-wh7g-5m82-pmhr), and it lets an allowed "*" stand for a subscription to ">".
	nested = []string{"a", "b", "a.a", "a.b", "b.a", "a.>", ">", "a.b.c", "b.>", "a.b.>"}
	// crossing adds those that overlap in part.
	crossing = append([]string{"*.a", "*.*", "a.*.c", "*.b.>", "*", "a.*"}, nested...)
)

func list(r *rand.Rand, from []string) string {
	var all []string
	for range 1 + r.IntN(3) {
		all = append(all, `"`+pick(r, from...)+`"`)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func rule(r *rand.Rand, from []string) string {
	switch r.IntN(5) {
	case 0:
		return list(r, from)
	case 1:
		return "{ allow: " + list(r, from) + " }"
	case 2:
		return "{ deny: " + list(r, from) + " }"
	}
	return "{ allow: " + list(r, from) + ", deny: " + list(r, from) + " }"
}

func randomRules(r *rand.Rand) string {
	var parts []string
	if r.IntN(4) > 0 {
		parts = append(parts, "publish: "+rule(r, crossing))
	}
	if r.IntN(4) > 0 {
		parts = append(parts, "subscribe: "+rule(r, nested))
	}
	if r.IntN(4) == 0 {
		parts = append(parts, fmt.Sprintf("allow_responses: { max: %d }", 1+r.IntN(3)))
	}
	return `authorization { users: [ { user: u, password: p, permissions: { ` + strings.Join(parts, ", ") + ` } }, { user: admin, password: p } ] }`
}

// randomUse is a conversation of the restricted user u with a free one.
func randomUse(r *rand.Rand) string {
	lines := []string{
		`u> CONNECT {"verbose":false,"pedantic":false,"user":"u","pass":"p"}`,
		`a> CONNECT {"verbose":false,"pedantic":false,"user":"admin","pass":"p"}`,
		`a> SUB r.> 9`, `a> SUB a.> 8`,
	}
	literal := func() string { return pick(r, "a", "b", "a.a", "a.b", "b.a", "a.b.c", "a.c.c", "b.b", "c.b.a", "r.1") }
	for i := range 6 {
		lines = append(lines, fmt.Sprintf("u> SUB %s %d", pick(r, nested...), i))
	}
	for range 6 {
		switch r.IntN(3) {
		case 0:
			lines = append(lines, fmt.Sprintf("a> PUB %s r.%d 1", literal(), r.IntN(3)), "a> x")
		case 1:
			lines = append(lines, "a> PUB "+literal()+" 1", "a> y")
		default:
			lines = append(lines, "u> PUB "+literal()+" 1", "u> z")
		}
	}
	return strings.Join(lines, "\n")
}
