package transcript

import (
	"io"
	"net"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"natsd/test/harness"
)

// speaker is a server that sends text on the first connection and closes it.
func speaker(t *testing.T, text string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	g.Go(func() error {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		_, err = io.WriteString(c, text)
		_ = c.Close()
		return err
	})
	t.Cleanup(func() {
		_ = ln.Close()
		_ = g.Wait()
	})
	return ln.Addr().String()
}

// TestAnswers shows that a replay notices what it should, with a server that says something fixed.
func TestAnswers(t *testing.T) {
	t.Parallel()
	twoSubs := "S: MSG foo 1 1\nS: x\nS: MSG foo 2 1\nS: x\nS: PONG"
	for _, c := range []struct {
		name, script, says string
		rules              Rules
		problem            string // part of the error, "" for none
	}{
		{name: "same", script: "S: PONG\nS! eof", says: "PONG\r\n"},
		{name: "other line", script: "S: PONG", says: "+OK\r\n", problem: `line 6: want "PONG", got "+OK"`},
		{name: "more than wanted", script: "S: PONG\nS! eof", says: "PONG\r\n+OK\r\n", problem: "line 7: want the server to close"},
		{name: "less than wanted", script: "S: PONG\nS: PONG", says: "PONG\r\n", problem: "line 7"},
		{name: "something for nothing", script: "S! nothing", says: "+OK\r\n", problem: "want nothing"},
		{name: "closed for nothing", script: "S! nothing", says: "", problem: "want nothing"},
		{name: "server ping", script: "S: PONG\nS! eof", says: "PING\r\nPONG\r\n"},
		{name: "recorded ping", script: "S: PING\nS! eof", says: "PING\r\n", rules: Rules{Pings: true}},
		{name: "one publish in any order", script: twoSubs, says: "MSG foo 2 1\r\nx\r\nMSG foo 1 1\r\nx\r\nPONG\r\n"},
		{name: "answer overtakes a message", script: twoSubs, says: "PONG\r\nMSG foo 2 1\r\nx\r\nMSG foo 1 1\r\nx\r\n", problem: "line 6"},
		{name: "system order", script: twoSubs, says: "MSG foo 2 1\r\nx\r\nPONG\r\nMSG foo 1 1\r\nx\r\n", rules: Rules{SystemOrder: true}},
		{name: "two publishes", script: "S: MSG foo 1 1\nS: x\nS: MSG foo 1 1\nS: y", says: "MSG foo 1 1\r\ny\r\nMSG foo 1 1\r\nx\r\n", problem: `want "x", got "y"`},
		{name: "body", script: "S: MSG foo 1 1\nS: x", says: "MSG foo 1 1\r\ny\r\n", problem: `want "x", got "y"`},
		{name: "empty reply", script: "S: MSG foo 1  1\nS: x", says: "MSG foo 1 1\r\nx\r\n"},
		{name: "body without an end", script: "S: MSG foo 1 1\nS: x", says: "MSG foo 1 1\r\nxyz", problem: "CR LF"},
		{name: "header", script: "S: HMSG f 1 12 13\nS: NATS/1.0\nS: \nS: x", says: "HMSG f 1 12 13\r\nNATS/1.0\r\n\r\nx\r\n"},
		{name: "other header", script: "S: HMSG f 1 12 13\nS: NATS/1.0\nS: \nS: x", says: "HMSG f 1 12 13\r\nNATS/1.1\r\n\r\nx\r\n", problem: "header line 1"},
		{name: "INFO without its blank", script: "S: INFO {} ", says: "INFO {}\r\n", problem: "one blank"},
		{name: "INFO", script: "S: INFO {\"client_id\":\"<client_id>\"} \nS! eof", says: "INFO {\"client_id\":3} \r\n"},
		{name: "members", script: "S: MSG foo 1 1\nS: x", says: "MSG foo 4 1\r\nx\r\n", rules: Rules{Members: map[string]string{"1": "1|4"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(head + c.script + "\n")
			if err != nil {
				t.Fatal(err)
			}
			conn := harness.Dial(t, speaker(t, c.says))
			r := &replay{tb: t, script: s, rules: c.rules, scope: harness.NewScope(t), keys: newKeyring(t, "testdata"), clients: map[string]*client{}}
			r.clients[""] = &client{conn: conn, asis: c.rules.Pings, match: matcher{lookup: r.known, seen: map[string]string{}}}
			err = r.run()
			switch {
			case c.problem == "" && err != nil:
				t.Error(err)
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
				t.Errorf("want %q, got %v", c.problem, err)
			}
		})
	}
}
