package transcript

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const head = "# title: t\n# spec: s\n# config: c\n# peer: p\n\n"

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := Parse(head + strings.Join([]string{
		"-- start peer base.conf",
		"-- connect[a] port",
		`C[a]: SUB  \t foo\x41 1`,
		"C[a]~ PING\\r\\n",
		"S[a]: HMSG foo 1 r 22 27",
		"S[a]: NATS/1.0",
		"S[b]: PONG",
		"S[a]: Foo: Bar",
		"S[a]: ",
		"S[a]: hello",
		"S[a]: MSG foo 1 0",
		"S[a]: ",
		"S[a]! eof",
		"R[a]: Client Closed",
		"-- tls[a] cert=dns",
		"-- wait 700ms",
	}, "\n") + "\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{Op: OpStart, Line: 6, Arg: "peer", File: "base.conf"},
		{Op: OpConnect, Line: 7, Conn: "a", Arg: "port"},
		{Op: OpSend, Line: 8, Conn: "a", Send: []Chunk{{Text: "SUB  \t fooA 1"}, {Text: "PING\r\n", Raw: true}}},
		{Op: OpExpect, Line: 10, Conn: "a", Want: Want{Line: "HMSG foo 1 r 22 27", Header: []string{"NATS/1.0", "Foo: Bar"}, HasEnd: true, Body: "hello"}},
		{Op: OpExpect, Line: 12, Conn: "b", Want: Want{Line: "PONG"}},
		{Op: OpExpect, Line: 16, Conn: "a", Want: Want{Line: "MSG foo 1 0"}},
		{Op: OpEOF, Line: 18, Conn: "a"},
		{Op: OpReason, Line: 19, Conn: "a", Arg: "Client Closed"},
		{Op: OpTLS, Line: 20, Conn: "a", Arg: "dns"},
		{Op: OpWait, Line: 21, Arg: "700ms", Wait: 700e6},
	}
	if diff := cmp.Diff(want, s.Steps); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"S: MSG foo 1 2", "S: MSG foo 1 1\nS: xy", "S: MSG foo 1 x", "X: foo", "S! maybe", "-- start peer",
		"-- dance now", "-- wait long", `C: \q`, `C: \x1`, `C: \`,
	} {
		if _, err := Parse(head + line + "\n"); err == nil {
			t.Errorf("%q is accepted", line)
		}
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`SUB <3 x "a"> 1 CRLF PING CRLF`:                          "SUB aaa 1\r\nPING\r\n",
		`2 times (PUB foo 2 CRLF <2 x "x"> CRLF), then PING CRLF`: "PUB foo 2\r\nxx\r\nPUB foo 2\r\nxx\r\nPING\r\n",
		`CONNECT {} CRLF`: "CONNECT {}\r\n",
	} {
		if got := bulk(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// TestTables holds the tables of recordings together: every number exists and stands in at most
// one group.
func TestTables(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, s := range load(t) {
		known[s.Number] = true
	}
	for _, table := range [][]group{pending, natsdDeviations, peerDeviations} {
		seen := map[string]bool{}
		for _, g := range table {
			for _, n := range g.numbers {
				if !known[n] || seen[n] {
					t.Errorf("recording %s of %q does not exist or stands twice", n, g.reason)
				}
				seen[n] = true
			}
		}
	}
}
