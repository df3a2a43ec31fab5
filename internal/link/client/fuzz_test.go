package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"natsd/internal/conn"
	"natsd/internal/status"
)

// collect is a transport that keeps what is sent.
type collect struct {
	discard
	text bytes.Buffer
}

func (c *collect) Write(v [][]byte, _ bool) (int, error) {
	n := c.text.Len()
	for _, p := range v {
		c.text.Write(p)
	}
	return c.text.Len() - n, nil
}

// Configurations that the fuzz test chooses from.
var fuzzed = []string{
	"",
	"authorization { user: u, password: p }",
	`accounts {
		A { users: [
			{user: u, password: p, permissions: {publish: {deny: "no.>"}, subscribe: {allow: ["a.>", "b", "c q.*"], deny: "a.no.>"}}},
			{user: v, password: p, permissions: {subscribe: ">", allow_responses: true}}], limits { max_payload: 20, max_subscriptions: 3 } },
		B { users: [{user: w, password: p}] } }
	no_auth_user: u
	max_subscriptions: 5
	max_sub_tokens: 3
	max_control_line: 200`,
}

// FuzzSession feeds a session whatever a client may send, in two reads. It must not panic, what it
// sends must be well formed, and nothing of it may be left when it is closed.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"CONNECT {\"user\":\"u\",\"pass\":\"p\",\"headers\":true,\"no_responders\":true,\"verbose\":false}\r\nPING\r\nSUB a.> 1\r\nSUB b q 2\r\nPUB a.b r 2\r\nhi\r\nPUB a.b r 2\r\nho\r\n",
		"SUB > 1\r\nUNSUB 1 2\r\nHPUB x 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPUB x 0\r\n\r\nPUB x 0\r\n\r\nPUB x 0\r\n\r\n",
		"CONNECT {\"user\":\"v\",\"pass\":\"p\",\"echo\":false}\r\nSUB a 1\r\nCONNECT {\"user\":\"w\",\"pass\":\"p\",\"verbose\":false,\"pedantic\":false}\r\nSUB a 1\r\nPUB a b 3\r\n123\r\n",
		"SUB in 1\r\nCONNECT {\"headers\":true,\"no_responders\":true,\"verbose\":false}\r\nSUB in 1\r\nPUB x in 0\r\n\r\nPUB $SYS.REQ.USER.INFO in 0\r\n\r\n",
		"INFO {}\r\n+OK\r\nPONG\r\n-ERR 'x'\r\n", "PUB a 999999999\r\n", "PUB a -1\r\n", "HPUB a 3 2\r\n", "UNSUB 1 99999999999\r\n",
		"SUB a..b 1\r\nSUB a.*.> 2\r\nSUB a _sys_ 3\r\nPUB _GR_.x 0\r\n\r\nPUB a _R_.x 0\r\n\r\n", "pub a 1\n1\r\n", "PING x\nPUB \x00 \x7f 1\r\n\x00\r\n",
	} {
		for i := range fuzzed {
			f.Add(byte(i), uint16(len(s)/2), []byte(s))
		}
	}
	houses := make([]*house, len(fuzzed))
	for i := range houses {
		houses[i] = build(f, fuzzed[i]+"\nauth_failure_delay { max: 0 }")
	}
	f.Fuzz(func(t *testing.T, which byte, cut uint16, text []byte) {
		h := houses[int(which)%len(houses)]
		out := &collect{}
		c := conn.New(nowhere{}, h.registry, h.tasks, func() *conn.Settings { return &h.Settings().Conn })
		s := newSession(h.Link, h.Settings(), c)
		c.Start(s, &status.Facts{CID: c.ID, Start: time.Now()})
		c.SetTransport(out)
		n := min(int(cut), len(text))
		if s.feed(string(text[:n])) == conn.Open && c.Reason() == conn.Open {
			s.feed(string(text[n:]))
		}
		if len(s.run.Msgs) > 0 && c.Reason() == conn.Open {
			t.Error("a run is left open")
		}
		c.Close(conn.ClientClosed)
		s.Closed(conn.ClientClosed)
		if err := wellFormed(out.text.String()); err != nil {
			t.Errorf("%v in %q", err, out.text.String())
		}
		for _, a := range h.broker.Accounts() {
			if a.Clients() != 0 || a.Index().Len() != 0 {
				t.Errorf("account %s keeps %d clients, %d subscriptions", a.Name, a.Clients(), a.Index().Len())
			}
		}
		if s.timers.ping != nil && s.timers.ping.Stop() || s.timers.life != nil && s.timers.life.Stop() {
			t.Error("a timer runs on")
		}
	})
}

// wellFormed checks that text is what a server may send to a client.
func wellFormed(text string) error {
	for text != "" {
		line, rest, found := strings.Cut(text, "\r\n")
		if !found {
			return fmt.Errorf("unfinished line %q", line)
		}
		verb, args, _ := strings.Cut(line, " ")
		size := -1
		switch f := strings.Fields(args); {
		case verb == "MSG" && (len(f) == 3 || len(f) == 4), verb == "HMSG" && (len(f) == 4 || len(f) == 5):
			if strings.Join(f, " ") != args {
				return fmt.Errorf("blanks in %q", line)
			}
			n, err := strconv.ParseUint(f[len(f)-1], 10, 31)
			if err != nil {
				return err
			}
			size = int(n)
			if verb == "HMSG" {
				if h, err := strconv.ParseUint(f[len(f)-2], 10, 31); err != nil || int(h) > size || h == 0 {
					return fmt.Errorf("header of %q: %w", line, err)
				}
			}
		case line == "PING", line == "PONG", line == "+OK":
		case verb == "-ERR" && len(args) > 2 && args[0] == '\'' && args[len(args)-1] == '\'':
		case verb == "INFO" && json.Valid([]byte(args)) && strings.HasSuffix(args, "} "):
		default:
			return fmt.Errorf("line %q", line)
		}
		if size >= 0 {
			if len(rest) < size+2 || rest[size:size+2] != "\r\n" {
				return fmt.Errorf("payload of %q", line)
			}
			rest = rest[size+2:]
		}
		text = rest
	}
	return nil
}
