package reload

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"natsd/test/harness"
)

// TestIdentityFollows: what the server says about itself, in INFO and varz.
func TestIdentityFollows(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	id := s.info()["server_id"]
	witness, _ := s.enter("")
	s.reload(`server_name: one
server_tags: [ x, y ]
server_metadata { k: v }
client_advertise: "1.2.3.4:99"
feature_flags { js_ack_fc_v2: true }
max_connections: 77
lame_duck_duration: 60s`)
	info := infoOf(t, witness.Expect(t, "INFO"))
	if info["server_name"] != "one" || info["host"] != "1.2.3.4" || info["port"] != 99.0 || info["server_id"] != id {
		t.Errorf("clients are told %v", info)
	}
	if now := s.info(); now["server_name"] != "one" || now["server_id"] != id {
		t.Errorf("new clients are told %v", now)
	}
	v, err := s.Varz()
	if err != nil {
		t.Fatal(err)
	}
	tags, _ := v["tags"].([]any)              //nolint:errcheck // looked at below
	meta, _ := v["metadata"].(map[string]any) //nolint:errcheck // looked at below
	if v["server_name"] != "one" || len(tags) != 2 || meta["k"] != "v" || v["max_connections"] != 77.0 {
		t.Errorf("varz says %v, %v, %v, %v", v["server_name"], v["tags"], v["metadata"], v["max_connections"])
	}
	digest := v["config_digest"]
	s.reload("")
	if now := s.varz("server_name"); now != id {
		t.Errorf("without a name it is %v", now)
	}
	if s.varz("config_digest") == digest {
		t.Error("the digest is that of the old file")
	}
}

// TestInfoIsSentWhenItChanges: and only then.
func TestInfoIsSentWhenItChanges(t *testing.T) {
	t.Parallel()
	users := "accounts { A { users: [ {user: a, password: p} ], limits { max_payload: <LIMIT> } }, B { users: [ {user: b, password: p} ] } }\n"
	conf := func(limit string) string { return strings.ReplaceAll(users, "<LIMIT>", limit) }
	s := start(t, conf("-1"))
	a, _ := s.enter(user("a", "p"))
	b, _ := s.enter(user("b", "p"))
	old, _ := harness.Client(t, s.Addr, `{"verbose":false,"user":"b","pass":"p"}`) // does not understand it
	quiet := func(c *harness.Conn) {
		t.Helper()
		c.MustSend(t, "PING\r\n")
		c.Expect(t, "PONG")
	}
	told := func(c *harness.Conn, want float64) {
		t.Helper()
		if got := infoOf(t, c.Expect(t, "INFO"))["max_payload"]; got != want {
			t.Errorf("max_payload %v, want %v", got, want)
		}
	}
	s.reload(conf("-1") + "ping_max: 5\nserver_tags: x")
	quiet(a)
	quiet(b)
	s.reload(conf("-1") + "max_payload: 2048")
	told(a, 2048)
	told(b, 2048)
	quiet(old)
	s.reload(conf("1024") + "max_payload: 2048")
	told(a, 1024)
	quiet(b)
	s.reload(conf("1024") + "max_payload: 4096")
	told(a, 1024)
	told(b, 4096)
	s.reload(conf("-1") + "max_payload: 4096")
	told(a, 4096)
	quiet(a)
	quiet(b)
}

// TestLimitsFollow: each limit holds for clients that are there, from their next operation on.
func TestLimitsFollow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		next, good, bad, words, reason string
	}{
		"max_payload":       {"max_payload: 10", "PUB x 10\r\n0123456789\r\n", "PUB x 11\r\n", "Maximum Payload Violation", "Maximum Message Payload Exceeded"},
		"max_control_line":  {"max_control_line: 100", "PUB x 1\r\nx\r\n", "PUB " + strings.Repeat("y", 150) + " 1\r\nx\r\n", "maximum control line exceeded", "Maximum Control Line Exceeded"},
		"max_subscriptions": {"max_subscriptions: 2", "SUB b 2\r\n", "SUB c 3\r\n", "maximum subscriptions exceeded", ""},
		"max_sub_tokens":    {"max_sub_tokens: 2", "SUB b.c 2\r\n", "SUB b.c.d 3\r\n", `Permissions Violation for Subscription to "b.c.d", too many tokens`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "")
			c, id := s.enter("")
			c.MustSend(t, "SUB a 1\r\n"+tt.good)
			served(t, c)
			c.MustSend(t, "UNSUB 2\r\n")
			s.reload(tt.next)
			c.MustSend(t, tt.good)
			served(t, c)
			c.MustSend(t, tt.bad)
			if tt.reason != "" {
				s.cut(c, id, tt.words, tt.reason)
			} else if f := c.Expect(t, "-ERR"); !strings.Contains(f.Line, tt.words) {
				t.Errorf("got %s, want %s", f.Line, tt.words)
			}
			s.reload("")
			c, _ = s.enter("")
			c.MustSend(t, "SUB a 1\r\n"+tt.bad)
			if tt.next == "max_payload: 10" {
				c.MustSend(t, "01234567890\r\n")
			}
			served(t, c)
		})
	}
}

// TestTooManySubscriptions: a connection that has more than it may ends.
func TestTooManySubscriptions(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	many, id := s.enter("")
	few, _ := s.enter("")
	many.MustSend(t, "SUB a 1\r\nSUB b 2\r\nSUB c 3\r\n")
	few.MustSend(t, "SUB a 1\r\nSUB b 2\r\n")
	served(t, many)
	served(t, few)
	s.reload("max_subscriptions: 2")
	s.cut(many, id, "maximum subscriptions exceeded", "Maximum Subscriptions Exceeded")
	served(t, few)
}

// TestPendingFollows: a client that does not read is a slow consumer by the limit in force.
func TestPendingFollows(t *testing.T) {
	t.Parallel()
	s := start(t, "write_deadline: 60s\nno_fast_producer_stall: false")
	slow, id := s.enter("")
	slow.MustSend(t, "SUB x 1\r\n")
	served(t, slow)
	s.reload("write_deadline: 60s\nmax_payload: 100KB\nmax_pending: 1MB")
	from, _ := s.enter("")
	body := strings.Repeat("x", 64<<10)
	sent := 0
	for !harness.Eventually(0, func() bool { return s.Log.Count("Slow Consumer Detected") > 0 }) {
		from.MustSend(t, "PUB x 65536\r\n"+body+"\r\n")
		if sent++; sent > 1000 {
			t.Fatal("64 MB wait for a client that may leave 1 MB")
		}
	}
	if reason, err := s.Reason(id, patience); err != nil || reason != "Slow Consumer (Pending Bytes)" {
		t.Errorf("the reason is %q, %v", reason, err)
	}
}

// TestWriteDeadlineFollows: a client that does not read is given the time of the configuration in force.
func TestWriteDeadlineFollows(t *testing.T) {
	t.Parallel()
	const big = "max_pending: 1GB\nno_fast_producer_stall: true\n"
	s := start(t, big+"write_deadline: 3600s")
	slow, id := s.enter("")
	slow.MustSend(t, "SUB x 1\r\n")
	served(t, slow)
	s.reload(big + "write_deadline: 100ms")
	from, _ := s.enter("")
	body := strings.Repeat("x", 64<<10)
	for range 300 {
		from.MustSend(t, "PUB x 65536\r\n"+body+"\r\n")
	}
	if reason, err := s.Reason(id, patience); err != nil || reason != "Slow Consumer (Write Deadline)" {
		t.Errorf("the reason is %q, %v", reason, err)
	}
}

// TestPingsFollow: a shorter interval begins at once.
func TestPingsFollow(t *testing.T) {
	t.Parallel()
	s := start(t, "ping_interval: 3600s")
	c, id := s.enter("")
	f, err := c.Next(10 * time.Second) // measures the round trip
	if err != nil || f.Verb != "PING" {
		t.Fatal(f, err)
	}
	c.MustSend(t, "PONG\r\n")
	s.reload("ping_interval: 1s\nping_max: 1")
	c.Expect(t, "PING")
	s.cut(c, id, "Stale Connection", "Stale Connection")
}

// TestClosedClientsFollow: connz remembers as many as it shall.
func TestClosedClientsFollow(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	leave := func(n int) {
		for range n {
			c, _ := s.enter("")
			_ = c.Close()
		}
	}
	count := func(want int) {
		t.Helper()
		n := 0
		if !harness.Eventually(patience, func() bool {
			closed, err := s.Connz("state=closed")
			if err != nil {
				t.Fatal(err)
			}
			n = len(closed)
			return n == want
		}) {
			t.Errorf("%d closed connections, want %d", n, want)
		}
	}
	leave(5)
	count(5)
	s.reload("max_closed_clients: 3")
	count(3)
	leave(2)
	count(3)
	s.reload("max_closed_clients: 100")
	leave(4)
	count(7)
}

// TestLameDuckFollows: the grace period is that of the configuration in force.
func TestLameDuckFollows(t *testing.T) {
	t.Parallel()
	s := start(t, "lame_duck_grace_period: 100s")
	c, _ := s.enter("")
	s.reload("lame_duck_grace_period: 1ms\nlame_duck_duration: 30s")
	if err := s.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	c.ExpectEOF(t, patience)
	if code, err := s.WaitExit(patience); err != nil || code != 0 {
		t.Errorf("exit code %d, %v", code, err)
	}
}

// TestReloadInLameDuckMode lets nobody in again.
func TestReloadInLameDuckMode(t *testing.T) {
	t.Parallel()
	s := start(t, "lame_duck_grace_period: 60s")
	c, _ := s.enter("")
	if err := s.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	c.Expect(t, "INFO")
	s.reload("lame_duck_grace_period: 60s\nserver_name: x\nmax_payload: 100")
	if err := s.tryBare("listen: '127.0.0.1:<other_port>'\nhttp: '127.0.0.1:<http_port>'\n"); err == nil {
		t.Error("the client port has moved")
	}
	for _, port := range []string{"port", "other_port"} {
		if c, err := harness.Open(s.scope.Addr(port)); err == nil {
			_ = c.Close()
			t.Errorf("%s is open", port)
		}
	}
	_ = c.Close() // the last one: lame duck mode is through
	if code, err := s.WaitExit(patience); err != nil || code != 0 {
		t.Errorf("exit code %d, %v", code, err)
	}
}

// TestHeadersFollow: agreed on in CONNECT, so that it holds for those who come.
func TestHeadersFollow(t *testing.T) {
	t.Parallel()
	const message = "HPUB x 12 13\r\nNATS/1.0\r\n\r\n!\r\n"
	s := start(t, "")
	with, _ := s.enter("")
	with.MustSend(t, "SUB x 1\r\n"+message)
	with.Expect(t, "HMSG")
	s.reload("no_header_support: true")
	if info := infoOf(t, with.Expect(t, "INFO")); info["headers"] != false {
		t.Errorf("clients are told headers: %v", info["headers"])
	}
	with.MustSend(t, message)
	with.Expect(t, "HMSG") // who has them keeps them
	without, _ := s.enter("")
	without.MustSend(t, "SUB x 1\r\n")
	served(t, without)
	with.MustSend(t, message)
	if m := without.Expect(t, "MSG"); string(m.Body) != "!" {
		t.Errorf("got %q", m.Body)
	}
	without.MustSend(t, message)
	without.ExpectEOF(t, patience)
	s.reload("")
	again, _ := s.enter("")
	again.MustSend(t, "SUB x 1\r\n"+message)
	again.Expect(t, "HMSG")
}

// TestProxyProtocolFollows: new connections may begin with a PROXY header.
func TestProxyProtocolFollows(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	plain, _ := s.enter("")
	addressOf := func() string {
		t.Helper()
		c := harness.Dial(t, s.Addr)
		id := c.ExpectInfo(t).ID
		c.MustSend(t, "PROXY TCP4 192.0.2.7 127.0.0.1 1234 4222\r\nCONNECT {\"verbose\":false}\r\nPING\r\n")
		if f, err := c.Next(patience); err != nil || f.Verb != "PONG" {
			return ""
		}
		conns, err := s.Connz("state=open")
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range conns {
			if x.CID == id {
				return x.IP
			}
		}
		return ""
	}
	if ip := addressOf(); ip != "" {
		t.Errorf("a PROXY header is taken from anybody: %s", ip)
	}
	s.reload("proxy_protocol: true")
	served(t, plain)
	if ip := addressOf(); ip != "192.0.2.7" {
		t.Errorf("address %q", ip)
	}
	s.reload("proxy_protocol: true\nproxy_protocol_from: '192.0.2.0/24'")
	if ip := addressOf(); ip != "" {
		t.Errorf("a PROXY header is taken from anybody: %s", ip)
	}
	s.reload("")
	served(t, plain)
	s.enter("")
}
