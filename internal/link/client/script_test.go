package client

import (
	"fmt"
	"strings"
	"testing"
)

// scripts are conversations. A line is a client, a verb, and the rest:
//
//	a> text    a sends text; \r\n, \n and \t are written as such, and CR LF ends the line
//	a>> text   a sends text without an end
//	a< line    a reads this line; INFO is any INFO
//	a.         a sends PING and reads PONG: nothing else has come, and all it said is done
//	a$ reason  the server ends a for this reason; nothing but what was read has come
//
// A client connects, and reads INFO, when it is named first. "{}" in text stands for a CONNECT that
// switches +OK and checks off.
var scripts = []struct{ name, conf, text string }{
	{"publish and subscribe without CONNECT", "", `
		a> SUB foo 1
		a< +OK
		a> PUB foo 2\r\nhi
		a< +OK
		a< MSG foo 1 2
		a< hi
		a> HPUB foo 0 0\r\n
		a$ Protocol Violation`},
	{"SUB where CONNECT has to come first", "authorization { user: u, password: p }", `
		a> SUB foo 1
		a< -ERR 'Authorization Violation'
		a$ Authentication Failure`},
	{"PUB where CONNECT has to come first", "authorization { user: u, password: p }", `
		a>> P
		a< -ERR 'Authorization Violation'
		a$ Authentication Failure
		b>> C
		b> ONNECT {"user":"u","pass":"p"}
		b< +OK`},
	{"no_auth_user", "accounts { A { users: [{user: u, password: p, permissions: {subscribe: foo}}] } }\nno_auth_user: u", `
		a> PING
		a< PONG
		a> SUB bar 1
		a< -ERR 'Permissions Violation for Subscription to "bar"'
		a> SUB foo 1
		a< +OK
		b> CONNECT {"user":"u","pass":"x"}
		b< -ERR 'Authorization Violation'
		b$ Authentication Failure`},
	{"second CONNECT drops subscriptions and fails", "authorization { user: u, password: p }", `
		a> CONNECT {"user":"u","pass":"p","verbose":false}
		a> SUB foo 1
		a.
		b> CONNECT {"user":"u","pass":"p","verbose":false,"pedantic":false}
		a> CONNECT {"pass":"x"}
		a< -ERR 'Authorization Violation'
		a$ Authentication Failure
		b> PUB foo 1\r\nx
		b.`},
	{"second CONNECT changes the account", "accounts { A { users: [{user: a, password: a}] }, B { users: [{user: b, password: b}] } }", `
		a> CONNECT {"user":"a","pass":"a","verbose":false}
		a> SUB foo 1
		a.
		b> CONNECT {"user":"b","pass":"b","verbose":false}
		b> PUB foo 1\r\n1
		b.
		a.
		a> CONNECT {"user":"b","pass":"b"}\r\nSUB foo 2
		a.
		b> PUB foo 1\r\n2
		b.
		a< MSG foo 2 1
		a< 2
		c> CONNECT {"user":"a","pass":"a","verbose":false}
		c> PUB foo 1\r\n3
		c.
		a.`},
	{"CONNECT while a run is open", "", `
		a> {}
		a> SUB foo 1
		a.
		b> CONNECT {"verbose":false,"pedantic":false}\r\nPUB foo 1\r\n1\r\nPUB foo 1\r\n2\r\nCONNECT {"verbose":true}\r\nPUB foo 1\r\n3
		b< +OK
		b< +OK
		b.
		a< MSG foo 1 1
		a< 1
		a< MSG foo 1 1
		a< 2
		a< MSG foo 1 1
		a< 3`},
	{"sizes", "max_payload: 10", `
		a> {}
		a> SUB foo 1
		a> PUB foo 0\r\n
		a< MSG foo 1 0
		a< 
		a> PUB foo 000000010\r\n0123456789
		a< MSG foo 1 000000010
		a< 0123456789
		a> PUB foo 11
		a< -ERR 'Maximum Payload Violation'
		a$ Maximum Message Payload Exceeded
		b> {}
		b> PUB foo -1
		b$ Protocol Violation
		c> {}
		c> PUB foo 1000000000
		c$ Protocol Violation
		d> {}
		d> PUB foo 9223372036854775808
		d$ Protocol Violation
		e> {}
		e> PUB foo 999999999
		e< -ERR 'Maximum Payload Violation'
		e$ Maximum Message Payload Exceeded
		f> CONNECT {"headers":true,"verbose":false}
		f> HPUB foo 11 10
		f$ Protocol Violation
		g> CONNECT {"headers":true,"verbose":false}
		g> HPUB foo -1 10
		g$ Protocol Violation
		h> {}
		h> UNSUB 1 -1\r\nUNSUB 1 99999999999999999999\r\nUNSUB nobody 5
		h.`},
	{"a payload that is longer than it says", "", `
		a> {}
		a> PUB foo 2\r\nabc
		a< -ERR 'Unknown Protocol Operation'
		a$ Protocol Violation`},
	{"an account without payloads", "accounts { A { users: [{user: a, password: a}], limits { max_payload: 0 } } }", `
		a> CONNECT {"user":"a","pass":"a","verbose":false}
		a> SUB foo 1\r\nPUB foo 0\r\n
		a< MSG foo 1 0
		a< 
		a> PUB foo 1
		a< -ERR 'Maximum Payload Violation'
		a$ Maximum Message Payload Exceeded`},
	{"runs end where reply, subject or verb change", "", `
		a> {}
		a> SUB > 1
		a.
		b> {}
		b> PUB x 1\r\n1\r\nPUB x r1 1\r\n2\r\nPUB x 1\r\n3\r\nPUB y 1\r\n4\r\nPUB x 1\r\n5
		b.
		a< MSG x 1 1
		a< 1
		a< MSG x 1 r1 1
		a< 2
		a< MSG x 1 1
		a< 3
		a< MSG y 1 1
		a< 4
		a< MSG x 1 1
		a< 5`},
	{"a run over two reads", "", `
		a> {}
		a> SUB x 1
		a.
		b> {}
		b.
		b>> PUB x 2\r\n11\r\nPUB x 2\r\n2
		a< MSG x 1 2
		a< 11
		b>> 2\r\nPUB x 2\r\n33\r\nPU
		a< MSG x 1 2
		a< 22
		a< MSG x 1 2
		a< 33
		b> B x 2\r\n44
		a< MSG x 1 2
		a< 44`},
	{"auto-unsubscribe in a run", "", `
		a> {}
		a> SUB x 1\r\nUNSUB 1 2
		a.
		c> {}
		c> SUB x q 2\r\nUNSUB 2 1
		c.
		b> {}
		b> PUB x 1\r\n1\r\nPUB x 1\r\n2\r\nPUB x 1\r\n3
		b.
		a< MSG x 1 1
		a< 1
		a< MSG x 1 1
		a< 2
		a.
		c< MSG x 2 1
		c< 1
		c.
		a> SUB x 1
		a.
		b> PUB x 1\r\n4
		a< MSG x 1 1
		a< 4`},
	{"UNSUB max that has been reached ends at once", "", `
		a> {}
		a> SUB x 1\r\nPUB x 1\r\n1\r\nPUB x 1\r\n2\r\nUNSUB 1 2\r\nPUB x 1\r\n3
		a< MSG x 1 1
		a< 1
		a< MSG x 1 1
		a< 2
		a.`},
	{"the first of two with one name stays", "", `
		a> {}
		a> SUB x 1\r\nSUB y 1\r\nPUB y 1\r\n1\r\nPUB x 1\r\n2
		a< MSG x 1 1
		a< 2
		a.`},
	{"echo off", "", `
		a> CONNECT {"verbose":false,"pedantic":false,"echo":false}
		a> SUB x 1\r\nSUB x q 2
		a.
		b> {}
		b> SUB x q 3
		b.
		a> PUB x 1\r\n1\r\nPUB x 1\r\n2
		b< MSG x 3 1
		b< 1
		b< MSG x 3 1
		b< 2
		a.
		b> UNSUB 3
		b> PUB x 1\r\n3
		b.
		a< MSG x 1 1
		a< 3
		a< MSG x 2 1
		a< 3`},
	{"headers", "", `
		a> CONNECT {"verbose":false,"pedantic":false,"headers":true}
		b> {}
		a> SUB x 1
		b> SUB x 1
		a.
		b.
		a> HPUB x r 12 14\r\nNATS/1.0\r\n\r\nhi\r\nHPUB x 0 2\r\nyo
		a< HMSG x 1 r 12 14
		a< NATS/1.0
		a< 
		a< hi
		a< MSG x 1 2
		a< yo
		b< MSG x 1 r 2
		b< hi
		b< MSG x 1 2
		b< yo`},
	{"headers switched off", "no_header_support: true", `
		a> CONNECT {"verbose":false,"headers":true}
		a> HPUB x 0 0
		a$ Protocol Violation
		b> CONNECT {"verbose":false,"headers":true,"no_responders":true}
		b< -ERR 'no responders requires headers support'
		b$ No Responders Requires Headers`},
	{"no responders", "", `
		a> CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}
		a> SUB in.* 1\r\nSUB in.* 2 q
		a> PUB x in.1 0\r\n\r\nPUB x 0\r\n\r\nPUB x out 0\r\n
		a< HMSG in.1 1 33 33
		a< NATS/1.0 503
		a< Nats-Subject: x
		a< 
		a< 
		a.
		b> {}
		b> SUB x 1
		b.
		a> PUB x in.2 0\r\n
		a.
		b< MSG x 1 in.2 0
		b< `},
	{"no responders without headers", "", `
		a> CONNECT {"no_responders":true}
		a< -ERR 'no responders requires headers support'
		a$ No Responders Requires Headers`},
	{"verbose and pedantic", "", `
		a> CONNECT {}
		a< +OK
		a> SUB x..y 1
		a< -ERR 'Invalid Subject'
		a> SUB x.> 1
		a< +OK
		a> PUB x.* 1\r\n1
		a< -ERR 'Invalid Publish Subject'
		a< +OK
		a< MSG x.* 1 1
		a< 1
		a> CONNECT {"verbose":false}
		a> SUB x.> 1
		a> PUB x.* 1\r\n2
		a< -ERR 'Invalid Publish Subject'
		a< MSG x.* 1 1
		a< 2
		a> CONNECT {"verbose":true,"pedantic":false}
		a< +OK
		a> SUB x.> 1
		a< +OK
		a> PUB x.* 1\r\n3
		a< +OK
		a< MSG x.* 1 1
		a< 3
		a> UNSUB 1
		a< +OK`},
	{"permissions", `authorization { users: [{user: u, password: p, permissions: {publish: {deny: "no.>"}, subscribe: {deny: ["no.>", "s q"]}}}] }`, `
		a> CONNECT {"user":"u","pass":"p","verbose":false,"pedantic":false}
		a> SUB > 1
		a> PUB no.x 1\r\n1\r\nPUB yes _R_.x 1\r\n2\r\nPUB yes 1\r\n3\r\nPUB yes r 1\r\n4\r\nPUB _GR_.x 1\r\n5\r\nPUB $NRG.x 1\r\n6
		a< -ERR 'Permissions Violation for Publish to "no.x"'
		a< -ERR 'Permissions Violation for Publish with Reply of "_R_.x"'
		a< MSG yes 1 1
		a< 3
		a< MSG yes 1 r 1
		a< 4
		a< -ERR 'Permissions Violation for Publish to "_GR_.x"'
		a< -ERR 'Permissions Violation for Publish to "$NRG.x"'
		a> SUB no.> 2\r\nSUB s q 3\r\nSUB s 4\r\nSUB s _sys_ 5
		a< -ERR 'Permissions Violation for Subscription to "no.>"'
		a< -ERR 'Permissions Violation for Subscription to "s" using queue "q"'
		a< -ERR 'Permissions Violation for Subscription to "s" using queue "_sys_"'
		a.`},
	{"answers only to requests", `authorization { users: [
			{user: u, password: p},
			{user: s, password: p, permissions: {subscribe: rq, allow_responses: {max: 2}}}] }`, `
		s> CONNECT {"user":"s","pass":"p","verbose":false,"pedantic":false}
		s> SUB rq 1
		s.
		u> CONNECT {"user":"u","pass":"p","verbose":false,"pedantic":false}
		u> SUB in.> 1
		u> PUB rq in.1 1\r\n1
		s< MSG rq 1 in.1 1
		s< 1
		s> PUB in.1 1\r\na\r\nPUB in.1 1\r\nb\r\nPUB in.1 1\r\nc\r\nPUB in.2 1\r\nd
		s< -ERR 'Permissions Violation for Publish to "in.1"'
		s< -ERR 'Permissions Violation for Publish to "in.2"'
		s.
		u< MSG in.1 1 1
		u< a
		u< MSG in.1 1 1
		u< b
		u.`},
	{"limits on subscriptions", "max_subscriptions: 2\nmax_sub_tokens: 3", `
		a> {}
		a> SUB a.b.c.d 1\r\nSUB a.b.c 1\r\nSUB b 2\r\nSUB c 3
		a< -ERR 'Permissions Violation for Subscription to "a.b.c.d", too many tokens'
		a< -ERR 'maximum subscriptions exceeded'
		a> UNSUB 1\r\nSUB c 3
		a.
		a> UNSUB 2 1\r\nPUB b 0\r\n\r\nSUB d 4
		a< MSG b 2 0
		a< 
		a.`},
	{"one connection per account", "accounts { A { users: [{user: a, password: a}], limits { max_connections: 1 } } }", `
		a> CONNECT {"user":"a","pass":"a","verbose":false}
		a.
		a> CONNECT {"user":"a","pass":"a","verbose":false}
		a.
		b> CONNECT {"user":"a","pass":"a","verbose":false}
		b< -ERR 'maximum account active connections exceeded'
		b$ Maximum Account Connections Exceeded
		a.`},
	{"what a client must not say", "", `
		a> MSG foo 1 0
		a< -ERR 'Unknown Protocol Operation'
		a$ Protocol Violation
		b> INFO {
		b$ Protocol Violation
		c> -ERR 'x'
		c$ Parse Error
		d> CONNECT {"protocol":2}
		d< -ERR 'invalid client protocol'
		d$ Bad Client Protocol Version
		e> CONNECT {"account":"X"}
		e< -ERR 'Authorization Violation'
		e$ Authentication Failure
		f> CONNECT {"verbose":1}
		f$ Protocol Violation
		g> SUB a b c d
		g$ Protocol Violation
		h> INFO {}\r\n+OK\r\nPONG
		h.`},
	{"first PING", "", `
		a> CONNECT {"verbose":false,"protocol":1}\r\nPING
		a< PONG
		a< INFO
		a.
		b> CONNECT {"verbose":false}\r\nPING
		b< PONG
		b.`},
	{"control lines", "max_control_line: 20", `
		a> SUB 012345678901234567 1
		a< +OK
		a> SUB 0123456789012345678 2
		a< -ERR 'maximum control line exceeded'
		a$ Maximum Control Line Exceeded
		b>> SUB 01234567890123456789012345678901234567890
		b< -ERR 'maximum control line exceeded'
		b$ Maximum Control Line Exceeded`},
}

// Each conversation goes the same with trace lines and without.
func TestScripts(t *testing.T) {
	t.Parallel()
	for _, traced := range []bool{false, true} {
		for _, tt := range scripts {
			t.Run(fmt.Sprintf("%s/traced=%v", tt.name, traced), func(t *testing.T) {
				t.Parallel()
				h := open(t, tt.conf)
				h.tracer.on.Store(traced)
				play(t, h, tt.text)
				if log := h.log.String(); !traced && strings.Contains(log, "level=TRACE") || strings.Contains(log, `\"p\"`) {
					t.Errorf("the log:\n%s", log)
				}
			})
		}
	}
}

var unescape = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\t`, "\t")

func play(t *testing.T, h *house, text string) {
	t.Helper()
	peers, ids := map[string]*peer{}, map[string]uint64{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = strings.TrimLeft(line, "\t")
		who, verb, rest := line[:1], line[1:2], strings.TrimPrefix(line[2:], " ")
		p := peers[who]
		if p == nil {
			p = h.dial()
			ids[who] = uint64(len(peers) + 1)
			peers[who] = p
		}
		p.step = i + 1
		switch {
		case verb == ">" && rest == "{}":
			p.say(quiet(`,"protocol":0`) + "PING\r\n")
			p.expect("PONG")
		case strings.HasPrefix(line[1:], ">>"):
			p.say(unescape.Replace(strings.TrimPrefix(line[3:], " ")))
		case verb == ">":
			p.say(unescape.Replace(rest) + "\r\n")
		case verb == "<":
			p.expect(rest)
		case verb == ".":
			p.sync()
		case verb == "$":
			if more := p.ended(); more != "" {
				t.Fatalf("step %d: read %q before the end", i+1, more)
			}
			if why := h.reason(ids[who]); why != rest {
				t.Fatalf("step %d: ended with %q, want %q", i+1, why, rest)
			}
		default:
			t.Fatalf("step %d: %q", i+1, line)
		}
	}
}
