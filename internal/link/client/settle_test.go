package client

import (
	"fmt"
	"strings"
	"testing"

	"natsd/internal/auth"
)

// reload puts text, a configuration, into force as a reload does, and returns what that does to
// connections: "cid reason" or "cid lost n".
func (h *house) reload(text string) []string {
	h.t.Helper()
	o := options(h.t, text)
	a, err := auth.New(o, h.Settings().Auth)
	if err != nil {
		h.t.Fatal(err)
	}
	set := NewSettings(o, a, h.Settings().Info)
	predicted := map[uint64]string{}
	for _, e := range h.Predict(h.t.Context(), set) {
		predicted[e.CID] = fmt.Sprint(e.Reason, e.Subs)
	}
	for i := range o.Accounts {
		h.broker.Open(o.Accounts[i].Name).SetLimits(&o.Accounts[i].Limits)
	}
	h.Apply(set)
	var out []string
	for _, e := range h.Settle(h.t.Context()) {
		if had := fmt.Sprint(e.Reason, e.Subs); predicted[e.CID] != had {
			h.t.Errorf("connection %d: %q, predicted was %q", e.CID, had, predicted[e.CID])
		}
		delete(predicted, e.CID)
		if !e.Dropped {
			out = append(out, fmt.Sprintf("%d lost %d", e.CID, e.Subs))
			continue
		}
		out = append(out, fmt.Sprintf("%d %s", e.CID, e.Reason))
	}
	if len(predicted) > 0 {
		h.t.Errorf("predicted what did not happen: %v", predicted)
	}
	return out
}

func TestSettle(t *testing.T) {
	t.Parallel()
	users := func(a, b string) string {
		return "authorization { users: [ {user: a, password: " + a + "}, {user: b, password: " + b + "} ] }\n"
	}
	limited := func(n int) string {
		return fmt.Sprintf("accounts { A { users: [{user: a, password: a}, {user: b, password: b}], limits { max_connections: %d, max_payload: 100 } } }\n", n)
	}
	for name, tt := range map[string]struct{ old, next, effects, a, b string }{
		"nothing":             {users("a", "b"), users("a", "b"), "", "", ""},
		"a right less":        {users("a", "b"), users("{{a}}", "b"), "", "", ""}, // replaced below
		"another password":    {users("a", "b"), users("x", "b"), "1 Authentication Failure", "-ERR 'Authorization Violation'\r\n", ""},
		"a user less":         {users("a", "b"), "authorization { users: [ {user: b, password: b} ] }", "1 Credentials Revoked", "-ERR 'User Authentication Revoked'\r\n", ""},
		"fewer connections":   {users("a", "b"), users("a", "b") + "max_connections: 1", "2 Maximum Connections Exceeded", "", "-ERR 'maximum connections exceeded'\r\n"},
		"a smaller account":   {limited(5), limited(1), "2 Maximum Account Connections Exceeded", "", "-ERR 'maximum account active connections exceeded'\r\n"},
		"fewer subscriptions": {users("a", "b"), users("a", "b") + "max_subscriptions: 1", "1 Maximum Subscriptions Exceeded", "-ERR 'maximum subscriptions exceeded'\r\n", ""},
		"no authentication":   {users("a", "b"), "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := tt.next
			if strings.Contains(next, "{{a}}") {
				next = strings.Replace(next, "password: {{a}}", `password: a, permissions: {subscribe: {deny: ["y", "z q"]}, publish: {deny: "no.x"}}`, 1)
				tt.effects = "1 lost 2"
			}
			h := open(t, tt.old)
			a := h.enter(`,"user":"a","pass":"a"`)
			b := h.enter(`,"user":"b","pass":"b"`)
			a.say("SUB x 1\r\nSUB y 2\r\nSUB z q 3\r\nSUB > 4\r\n")
			a.sync()
			if got := strings.Join(h.reload(next), ", "); got != tt.effects {
				t.Errorf("effects %q, want %q", got, tt.effects)
			}
			for p, want := range map[*peer]string{a: tt.a, b: tt.b} {
				if want != "" {
					if got := p.ended(); got != want {
						t.Errorf("read %q, want %q", got, want)
					}
				}
			}
			if tt.a != "" {
				return
			}
			if strings.Contains(tt.effects, "lost") {
				lines := []string{a.line(), a.line()}
				if got := strings.Join(lines, "\n"); !strings.Contains(got, `Subscription to "y" (sid "2")'`) ||
					!strings.Contains(got, `Subscription to "z" using queue "q" (sid "3")'`) {
					t.Errorf("read %s", got)
				}
				b.say("PUB y 1\r\ny\r\n") // what is left of ">" does not bring it
				b.sync()
				a.say("PUB no.x 1\r\nn\r\nSUB y 2\r\n")
				a.expect(`-ERR 'Permissions Violation for Publish to "no.x"'`, `-ERR 'Permissions Violation for Subscription to "y"'`)
			}
			a.sync()
			a.say("UNSUB 4\r\nPUB x 1\r\nx\r\n")
			a.expect("MSG x 1 1", "x")
		})
	}
}

// Limits of the decoder follow the configuration from the next read on.
func TestLimitsFollow(t *testing.T) {
	t.Parallel()
	h := open(t, "")
	p := h.enter("")
	p.say("PUB x 10\r\n0123456789\r\n")
	p.sync()
	h.reload("max_payload: 5\nmax_control_line: 100")
	p.say("PUB x 5\r\n01234\r\n")
	p.sync()
	p.say("PUB x 6\r\n")
	p.expect("-ERR 'Maximum Payload Violation'")
	if text := p.ended(); text != "" {
		t.Errorf("read %q", text)
	}
}

// Everybody who can understand it is told; who has not had its first PONG is not.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	h := open(t, "")
	a := h.enter("")
	b, c := h.dial(), h.dial()
	b.say("CONNECT {\"verbose\":false}\r\nPING\r\n") // protocol 0
	b.expect("PONG")
	c.say("CONNECT {\"verbose\":false,\"protocol\":1}\r\nSUB x 1\r\nPUB x 0\r\n\r\n")
	c.expect("MSG x 1 0", "")
	h.Broadcast(func(i *Info) { i.ConnectURLs = []string{"10.0.0.1:4222"} })
	a.info(`"connect_urls":["10.0.0.1:4222"]`, "!connect_info", "!nonce")
	b.sync()
	c.say("PING\r\n")
	c.expect("PONG", "INFO")
}
