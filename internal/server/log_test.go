package server

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestCutOffClientsAreLogged: the operator of a client that is refused something reads in the log,
// without debug, which client it was and why.
func TestCutOffClientsAreLogged(t *testing.T) {
	t.Parallel()
	const app = `"name":"orders","lang":"go","version":"1.2"`
	const hello = `CONNECT {"verbose":false,` + app + "}\r\n"
	const who = ` - cid:\d+ - "v1\.2:go:orders" - `
	for name, tt := range map[string]struct{ conf, say, want string }{
		"payload":       {"max_payload: 10", hello + "PUB a 11\r\n", who + `maximum payload exceeded: more than 10 bytes$`},
		"control line":  {"max_control_line: 128", hello + "SUB " + strings.Repeat("a", 200) + " 1\r\n", who + `maximum control line exceeded: max_control_line 128$`},
		"unknown verb":  {"", hello + "FOO\r\n", who + `Unknown Protocol Operation$`},
		"arguments":     {"", hello + "PUB a b c d\r\n", who + `Protocol error: `},
		"subscriptions": {"max_subscriptions: 1", hello + "SUB a 1\r\nSUB b 2\r\n", who + `maximum subscriptions exceeded$`},
		"protocol":      {"", `CONNECT {"protocol":7,` + app + "}\r\n", who + `invalid client protocol$`},
		"bad CONNECT":   {"", "CONNECT {x\r\n", ` - cid:\d+ - Malformed CONNECT: `},
		"password":      {"authorization { user: a, password: b }", `CONNECT {"user":"a","pass":"x",` + app + "}\r\n", who + `authentication error - User "a"$`},
		"account":       {"accounts { A { users: [{user: a, password: b}], limits { max_connections: 0 } } }", `CONNECT {"user":"a","pass":"b",` + app + "}\r\n", who + `maximum account active connections exceeded$`},
		"connections":   {"max_connections: 0", "", ` - cid:\d+ - maximum connections exceeded$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tt.conf)
			r.say(tt.say)
			r.logged(`\[ERR\] 127\.0\.0\.1:\d+` + tt.want)
		})
	}
}

// TestSlowConsumersAreLogged: for both ways of being slow.
func TestSlowConsumersAreLogged(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ conf, want string }{
		"pending":  {"max_pending: 1MB\nmax_payload: 100KB", `MaxPending of 1048576 Exceeded pending=\d+ subject=foo\.bar account=\$G$`},
		"deadline": {`max_pending: 1GB` + "\n" + `write_deadline: "100ms"`, `WriteDeadline of 100ms exceeded account=\$G$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tt.conf)
			c, in := r.dial()
			_ = c.(*net.TCPConn).SetReadBuffer(4096)
			_, _ = c.Write([]byte(`CONNECT {"verbose":false,"name":"lame"}` + "\r\nSUB foo.> 1\r\nPING\r\n"))
			if line, err := in.ReadString('\n'); err != nil || line != "PONG\r\n" {
				t.Fatal(line, err)
			}
			pub, answers := r.say(`CONNECT {"verbose":false}` + "\r\n")
			msg := []byte("PUB foo.bar 65536\r\n" + strings.Repeat("x", 65536) + "\r\n")
			for range 300 {
				if _, err := pub.Write(msg); err != nil {
					t.Fatal(err)
				}
			}
			r.logged(`\[WRN\] 127\.0\.0\.1:\d+ - cid:1 - "lame" - Slow Consumer Detected: ` + tt.want)
			_, _ = pub.Write([]byte("PING\r\n"))
			if line, err := answers.ReadString('\n'); err != nil || line != "PONG\r\n" {
				t.Error("publisher:", line, err)
			}
			for end := time.Now().Add(5 * time.Second); r.conns.SlowConsumers.Load() != 1; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the slow consumer was not counted")
				}
			}
		})
	}
}

// TestNoProducerStall: with no_fast_producer_stall nobody waits for a slow consumer.
func TestNoProducerStall(t *testing.T) {
	t.Parallel()
	r := run(t, "max_pending: 1MB\nmax_payload: 100KB\nno_fast_producer_stall: true")
	c, in := r.dial()
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	_, _ = c.Write([]byte(`CONNECT {"verbose":false}` + "\r\nSUB foo 1\r\nPING\r\n"))
	if line, err := in.ReadString('\n'); err != nil || line != "PONG\r\n" {
		t.Fatal(line, err)
	}
	pub, answers := r.say(`CONNECT {"verbose":false}` + "\r\n")
	msg := []byte("PUB foo 8192\r\n" + strings.Repeat("x", 8192) + "\r\n")
	for range 2000 {
		if _, err := pub.Write(msg); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = pub.Write([]byte("PING\r\n"))
	if line, err := answers.ReadString('\n'); err != nil || line != "PONG\r\n" {
		t.Fatal(line, err)
	}
	if n := r.conns.Stalls.Load(); n != 0 {
		t.Errorf("the publisher waited %d times", n)
	}
	if n := r.conns.SlowConsumers.Load(); n != 0 {
		t.Errorf("%d slow consumers were closed", n)
	}
}

// TestLogLevels: log_levels sets the level of one module and of no other.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	r := run(t, "log_levels { client: trace, server: warn }")
	r.say("CONNECT {}\r\nSUB a 1\r\n")
	text := r.logged(`\[TRC\] .* <<- \[SUB a 1\]$`)
	if strings.Contains(text, "Server is ready") {
		t.Errorf("the module server speaks below its level:\n%s", text)
	}
	quiet := run(t, "log_levels { auth: debug }\nauthorization { token: t }")
	quiet.say("CONNECT {}\r\n")
	text = quiet.logged(`\[DBG\] .* Authentication failed: `)
	if strings.Contains(text, "Client connection created") {
		t.Errorf("the module client speaks below its level:\n%s", text)
	}
}

// TestTracedLength: a message that is cut says so within its quotes, as people grep for it.
func TestTracedLength(t *testing.T) {
	t.Parallel()
	r := run(t, "trace: true\nmax_traced_msg_len: 4")
	r.say("CONNECT {}\r\nPUB a 6\r\n012345\r\n")
	r.logged(`MSG_PAYLOAD: \["0123\.\.\."\]$`)
}

func TestFeatureLines(t *testing.T) {
	t.Parallel()
	for want, flags := range map[string]map[string]bool{
		"": nil,
		"  Feature flags:\n    Configured:    js_ack_fc_v2 (opt-in), js_raft_delete_range (disabled)\n    Unsupported:   mine": {
			"js_ack_fc_v2": true, "js_raft_delete_range": false, "mine": true,
		},
		"  Feature flags:\n    Configured:    none\n    Unsupported:   a, b": {"b": true, "a": false},
	} {
		if got := strings.Join(featureLines(flags), "\n"); got != want {
			t.Errorf("%v:\n%s\nwant\n%s", flags, got, want)
		}
	}
}

// TestOpenServerWarns: a server that lets in anybody from anywhere says so, and how to reach it.
func TestOpenServerWarns(t *testing.T) {
	t.Parallel()
	run(t, `host: "0.0.0.0"`).logged(`\[WRN\] No authentication is configured .* reaches 0\.0\.0\.0 may publish`)
	text := run(t, `host: "0.0.0.0"`+"\nauthorization { token: t }").logged(`Server is ready`)
	if strings.Contains(text, "No authentication") {
		t.Error(text)
	}
}
