package cluster

import (
	"testing"

	"natsd/test/harness"
)

// TestStrangersAreRefused compares what natsd and nats-server say to those who come to the port of routes
// and do not belong there.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range []harness.Kind{harness.Natsd, harness.Peer} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			m := form(t, spec{kind: kind, cluster: "authorization { user: u, password: p, timeout: 1 }"})
			for connect, want := range map[string]string{
				`{"user":"u","pass":"p","name":"NPEER"}`:                                      `'Rejecting connection, cluster name "" does not match "C1"'`,
				`{"user":"u","pass":"p","name":"NPEER","cluster":""}`:                         `'Rejecting connection, cluster name "" does not match "C1"'`,
				`{"user":"u","pass":"p","name":"NPEER","cluster":"X"}`:                        `'Rejecting connection, cluster name "X" does not match "C1"'`,
				`{"user":"u","pass":"p","name":"NPEER","cluster":"X","cluster_dynamic":true}`: `'Rejecting connection, cluster name "X" does not match "C1"'`,
				`{"user":"u","pass":"p","name":"NPEER","cluster":"C1","lang":"go"}`:           "'attempted to connect to route port'",
				`{"user":"u","pass":"p","name":"NPEER","cluster":"C1","gateway":"G"}`:         `'Rejecting connection from gateway "G" on the Route port'`,
				`{"user":"u","pass":"wrong","name":"NPEER","cluster":"C1"}`:                   "'Authorization Violation'",
				`{"user":"u","pass":"","name":"NPEER","cluster":"C1","lang":"go"}`:            "'Authorization Violation'",
				"": "'Authentication Timeout'",
			} {
				c := harness.Dial(t, m.members[0].route)
				c.Expect(t, "INFO")
				if connect != "" {
					c.MustSend(t, "CONNECT "+connect+"\r\n")
				}
				if got := c.Expect(t, "-ERR").Line; got != "-ERR "+want {
					t.Errorf("CONNECT %s: %s, want %s", connect, got, want)
				}
				c.ExpectEOF(t, patience)
			}
		})
	}
}
