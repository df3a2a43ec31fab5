package compare

import "testing"

const quietConnect = `a> CONNECT {"verbose":false,"pedantic":false}` + "\n"

// cases are scripts that both servers must answer alike. why explains a decided difference.
var cases = []struct {
	name, conf, script string
	why                string
}{
	{name: "no CONNECT", script: `
		a> SUB foo 1
		a> PUB foo 2
		a> hi`},
	{name: "verbose", script: `
		a> CONNECT {}
		a> SUB foo 1
		a> UNSUB 1 1
		a> PUB foo 0
		a> 
		a> PUB foo 0
		a> `},
	{name: "pedantic", script: `
		a> CONNECT {"verbose":false,"pedantic":true}
		a> SUB > 1
		a> PUB foo.* 1
		a> x
		a> PUB .foo 1
		a> x
		a> PUB foo reply..x 1
		a> x`},
	{name: "wildcards", script: quietConnect + `
		a> SUB a.*.c 1
		a> SUB a.> 2
		a> SUB * 3
		a> SUB a.*.* 4
		a> SUB *.*.c 5
		a> SUB a.b.c 6
		a> PUB a.b.c 3
		a> one
		a> PUB a.b 3
		a> two
		a> PUB a 5
		a> three
		a> PUB a.b.c.d 4
		a> four`},
	{name: "odd subjects", script: quietConnect + `
		a> SUB foo* 1
		a> SUB *foo 2
		a> SUB foo.>x 3
		a> SUB a.>.b 4
		a> SUB . 5
		a> SUB a. 6
		a> SUB ünïcode.世界 7
		a> SUB $odd/\\"x 8
		a> PUB foo* 1
		a> 1
		a> PUB *foo 1
		a> 2
		a> PUB foo.>x 1
		a> 3
		a> PUB ünïcode.世界 1
		a> 4
		a> PUB $odd/\\"x 1
		a> 5`},
	{name: "unsubscribe", script: quietConnect + `
		a> SUB x 1
		a> UNSUB 1 2
		a> PUB x 1
		a> 1
		a> PUB x 1
		a> 2
		a> PUB x 1
		a> 3
		a> SUB x 1
		a> PUB x 1
		a> 4
		a> UNSUB 1
		a> UNSUB 1
		a> UNSUB nobody 3`},
	{name: "same sid", script: quietConnect + `
		a> SUB x 1
		a> SUB y 1
		a> PUB x 1
		a> 1
		a> PUB y 1
		a> 2`},
	{name: "two clients", script: `
		a> CONNECT {"verbose":false}
		a> SUB foo.> 1
		a> SUB foo.bar q 2
		b> CONNECT {"verbose":false,"echo":false}
		b> SUB foo.> 1
		b> PUB foo.bar reply 5
		b> hello
		a> PUB foo.baz 3
		a> bye
		b> UNSUB 1`},
	{name: "headers", script: `
		a> CONNECT {"verbose":false,"headers":true}
		a> SUB h 1
		b> CONNECT {"verbose":false}
		b> SUB h 1
		a> HPUB h 12 14
		a> NATS/1.0
		a> 
		a> hi
		a> HPUB h re.ply 0 2
		a> hi
		a> HPUB h 22 22
		a> NATS/1.0
		a> Foo: Bar
		a> 
		a> `},
	{name: "headers off", script: quietConnect + `
		a> HPUB h 12 14
		a> NATS/1.0
		a> 
		a> hi`},
	{name: "header longer than the message", script: `
		a> CONNECT {"verbose":false,"headers":true}
		a> HPUB h 14 12
		a> NATS/1.0
		a> 
		a> hi`},
	{name: "header sizes that overflow", script: `
		a> CONNECT {"verbose":false,"headers":true}
		a> HPUB h 9223372036854775807 9223372036854775807`},
	{name: "negative header size", script: `
		a> CONNECT {"verbose":false,"headers":true}
		a> HPUB h -1 2
		a> hi`},
	{name: "size that overflows", script: quietConnect + `a> PUB x 18446744073709551616`},
	{name: "nine digits", script: quietConnect + `a> PUB x 999999999`},
	{name: "size in hex", script: quietConnect + "a> PUB x 0x2\na> hi"},
	{name: "size with sign", script: quietConnect + "a> PUB x +2\na> hi"},
	{name: "second CONNECT", script: `
		a> CONNECT {"verbose":false}
		a> SUB x 1
		a> CONNECT {"verbose":true,"echo":false}
		a> SUB x 2
		a> PUB x 1
		a> 1`},
	{name: "subscriptions after a second CONNECT", script: quietConnect + `
		a> SUB x 1
		a> CONNECT {"verbose":false}
		a> PUB x 1
		a> 1`, why: "2.9.10 keeps them, later releases drop them"},
	{name: "CONNECT is not JSON", script: `a> CONNECT {x}`},
	{name: "CONNECT is a list", script: `a> CONNECT []`},
	{name: "CONNECT with wrong types", script: `a> CONNECT {"verbose":"no"}`},
	{name: "CONNECT without arguments", script: `a> CONNECT`},
	{name: "CONNECT with unknown keys", script: `a> CONNECT {"verbose":false,"what":{"is":["this"]},"remote_account":"X","lang":"x"}`},
	{name: "CONNECT with NUL", script: `a~ CONNECT {"verbose":false,"name":"a\u0000b"}\r\n`},
	{name: "CONNECT twice the key", script: `a> CONNECT {"verbose":true,"verbose":false}`},
	{name: "CONNECT other letter case", script: `a> CONNECT {"Verbose":false,"PEDANTIC":false}`},
	{name: "CONNECT protocol 2", script: `a> CONNECT {"verbose":false,"protocol":2}`},
	{name: "CONNECT protocol negative", script: `a> CONNECT {"verbose":false,"protocol":-1}`},
	{name: "CONNECT account", script: `a> CONNECT {"verbose":false,"account":"A"}`},
	{name: "lines of LF", script: `a~ CONNECT {"verbose":false}\nSUB x 1\nPUB x 1\nz\r\nPING\n`},
	{name: "CR inside", script: "a~ SUB x\\r 1\\r\\nPUB x 1\\r\\nz\\r\\n"},
	{name: "payload short", script: quietConnect + "a> SUB x 1\na> PUB x 5\na> hi\na> xx"},
	{name: "payload long", script: quietConnect + "a> SUB x 1\na> PUB x 2\na> hello"},
	{name: "NUL in a verb", script: "a> P\\u0000NG"},
	{name: "only blanks", script: "a>    "},
	{name: "blank before a verb", script: "a>  PING"},
	{name: "verb prefix", script: "a> PUBX foo 1"},
	{name: "HTTP request", script: "a> GET / HTTP/1.1\na> Host: x\na> "},
	{name: "TLS hello to a plain port", script: "a~ \\u0016\\u0003\\u0001\\u0002\\u0000\\u0001"},
	{name: "MSG from a client", script: quietConnect + "a> MSG foo 1 2\na> hi"},
	{name: "route verbs", script: quietConnect + "a> RS+ $G foo"},
	{name: "leaf verbs", script: quietConnect + "a> LS+ foo"},
	{name: "+OK and PONG from a client", script: quietConnect + "a> +OK\na> PONG\na> PONG"},
	{name: "-ERR from a client", script: quietConnect + "a> -ERR 'x'"},
	{name: "INFO from a client", script: quietConnect + `a> INFO {"server_id":"x"}`},
	{name: "payload limit", conf: "max_payload: 4", script: quietConnect + "a> SUB x 1\na> PUB x 4\na> four\na> PUB x 5\na> fifth"},
	{name: "line limit", conf: "max_control_line: 32", script: "a> SUB aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1"},
	{name: "subscription limit", conf: "max_subscriptions: 1", script: quietConnect + "a> SUB x 1\na> SUB y 2\na> UNSUB 1\na> SUB z 3"},
	{name: "token limit", conf: "max_sub_tokens: 2", script: quietConnect + "a> SUB a.b 1\na> SUB a.b.c 2\na> SUB a.> 3"},
	{name: "no headers", conf: "no_header_support: true", script: `a> CONNECT {"verbose":false,"headers":true}` + "\na> SUB x 1\na> HPUB x 0 2\na> hi"},
	{name: "user wrong", conf: "authorization { user: u, password: p }", script: `a> CONNECT {"user":"u","pass":"x"}`},
	{name: "user right", conf: "authorization { user: u, password: p }", script: `a> CONNECT {"user":"u","pass":"p"}`},
	{name: "verb before the user", conf: "authorization { user: u, password: p }", script: `a> SUB x 1`},
	{name: "garbage before the user", conf: "authorization { user: u, password: p }", script: `a> \u0001\u0002`},
	{name: "lower-case connect", conf: "authorization { user: u, password: p }", script: `a> connect {"verbose":false,"user":"u","pass":"p"}`},
	{name: "permissions", conf: `authorization { users: [ {user: u, password: p, permissions: {
			publish: {allow: ["a.*", "b.>"], deny: ["b.x", "a.no"]}, subscribe: {allow: ["a.>", "q work"], deny: ["a.no", "a.hid.*"]} }} ] }`, script: `
		a> CONNECT {"verbose":false,"user":"u","pass":"p"}
		a> PUB a.b 0
		a> 
		a> PUB a.b.c 0
		a> 
		a> PUB b.x 0
		a> 
		a> PUB b.x.y 0
		a> 
		a> PUB a.no 0
		a> 
		a> PUB a.* 0
		a> 
		a> SUB a.> 1
		a> SUB a.no 2
		a> SUB a.hid.* 3
		a> SUB a.hid.> 4
		a> SUB > 5
		a> SUB q 6
		a> SUB q work 7
		a> SUB q other 8
		a> SUB a.b any 9
		a> PUB a.b 1
		a> x`},
	{name: "default permissions", conf: `authorization { default_permissions: {publish: x}, users: [ {user: u, password: p}, {user: v, password: p, permissions: {subscribe: y}} ] }`, script: `
		a> CONNECT {"verbose":false,"user":"u","pass":"p"}
		a> PUB x 0
		a> 
		a> PUB y 0
		a> 
		b> CONNECT {"verbose":false,"user":"v","pass":"p"}
		b> PUB y 0
		b> 
		b> SUB x 1
		b> SUB y 2`},
	{name: "allow_responses", conf: `authorization { users: [ {user: u, password: p}, {user: s, password: p, permissions: {subscribe: svc, allow_responses: {max: 2}}} ] }`, script: `
		a> CONNECT {"verbose":false,"user":"s","pass":"p"}
		a> SUB svc 1
		b> CONNECT {"verbose":false,"user":"u","pass":"p"}
		b> SUB r.> 1
		b> PUB svc r.1 1
		b> ?
		a> PUB r.1 1
		a> 1
		a> PUB r.1 1
		a> 2
		a> PUB r.1 1
		a> 3
		a> PUB r.2 1
		a> 4`},
	{name: "accounts", conf: `accounts { A { users: [ {user: a, password: p} ] }, B { users: [ {user: b, password: p} ] } }`, script: `
		a> CONNECT {"verbose":false,"user":"a","pass":"p"}
		a> SUB > 1
		b> CONNECT {"verbose":false,"user":"b","pass":"p"}
		b> SUB > 1
		b> PUB x 1
		b> b
		a> PUB y 1
		a> a`},
	{name: "no_auth_user", conf: `authorization { users: [ {user: u, password: p}, {user: g, password: p, permissions: {publish: x}} ] }
			no_auth_user: g`, script: `
		a> PUB x 0
		a> 
		a> PUB y 0
		a> 
		b> CONNECT {"verbose":false}
		b> PUB y 0
		b> 
		c> CONNECT {"verbose":false,"user":"u","pass":"p"}
		c> PUB y 0
		c> 
		d> CONNECT {"verbose":false,"user":"g","pass":"x"}`},
	{name: "reserved subjects", script: quietConnect + `
		a> PUB _GR_.a.b 0
		a> 
		a> PUB x _R_.a 0
		a> 
		a> PUB x $JS.ACK.a 0
		a> 
		a> SUB x _sys_ 1
		a> SUB $SYS.> 2
		a> PUB $SYS.foo 0
		a> `},
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			diff := startPair(t, c.conf).diff(t, script(t, c.script))
			switch {
			case diff != "" && c.why == "":
				t.Errorf("natsd (+) answers otherwise than the peer (-):\n%s", diff)
			case diff == "" && c.why != "":
				t.Errorf("both answer alike; the explanation %q is out of date", c.why)
			}
		})
	}
}
