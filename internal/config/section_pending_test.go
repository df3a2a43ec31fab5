package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const userSeed = "SUAA6UN2RJYMOECX2TJE2MXSOYMFBOY5W4MP453IYLSWYV6ED6KX3HXQ5U"

// onlyErrors drops the warnings, among them those about features that are still to come.
func onlyErrors(problems []string) string {
	problems = slices.DeleteFunc(slices.Clone(problems), func(p string) bool { return strings.HasPrefix(p, "warning ") })
	return strings.Join(problems, "\n")
}

// TestServerSectionErrors is the table of mistakes in the blocks about other servers, other protocols
// and accounts among each other.
func TestServerSectionErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`cluster { listen: 6222, compression: gzip }`:                                                                         `1:38: unsupported compression mode "gzip"`,
		`cluster { compression { mode: auto, rtts: ["10ms", "5ms"] } }`:                                                       `1:52: round-trip times must ascend: 5ms comes after 10ms`,
		`cluster { compression { rtts: ["1ms", "2ms", "3ms", "4ms", "5ms"] } }`:                                               `1:31: at most four round-trip times can be given`,
		`cluster { compression { speed: 1 } }`:                                                                                `1:25: unknown field "speed"`,
		`cluster { authorization { auth_callout {} } }`:                                                                       `1:40: Cluster authorization does not support callouts`,
		`cluster { permissions { import: x, allow_responses: true } }`:                                                        `1:53: Cluster permissions do not support dynamic responses`,
		`cluster { advertise: "a:b" }`:                                                                                        `1:22: invalid Cluster.Advertise value of a:b, err=strconv.Atoi: parsing "b": invalid syntax`,
		`cluster { routes: ["nats://user:s3cret@h:x"] }`:                                                                      `1:20: error parsing route url ["nats://[REDACTED]@h:x"]`,
		`gateway { name: A }`:                                                                                                 `1:1: gateway "A" has no port specified (select -1 for random port)`,
		`gateway { name: A, port: -1, gateways: [ {}, { name: B } ] }`:                                                        "1:42: gateway in the list 0 has no name\n1:46: gateway \"B\" has no URL",
		`gateway { name: A, port: -1, gateways: {} }`:                                                                         `1:40: Expected gateways field to be an array, got a block`,
		`gateway { name: A, port: -1, authorization { token: x } }`:                                                           `1:53: Gateway authorization does not support tokens`,
		`leafnodes { authorization { user: a, password: b, users: [{user: c}] } }`:                                            `1:59: can not have a single user/pass and a users array`,
		`leafnodes { authorization { users: [{user: c}, {user: c}] } }`:                                                       `1:55: duplicate user "c" detected in leafnode authorization`,
		`leafnodes { authorization { nkey: UABC } }`:                                                                          `1:35: Not a valid public nkey for leafnode authorization`,
		`leafnodes { authorization { user: a, password: b, account: X } }`:                                                    `1:60: cannot find local account "X" specified in leafnode authorization`,
		`leafnodes { min_version: "2.9" }`:                                                                                    `1:26: invalid leafnode's minimum version: "2.9" is not of the form X.Y.Z`,
		`leafnodes { remotes: [{url: "tls://h", creds: f, nkey: ` + userSeed + `}] }`:                                         `1:56: Remote leafnode can not have both creds and nkey defined`,
		`leafnodes { remotes: [{url: "ws://h", proxy {url: "http://p", username: u}}] }`:                                      `1:39: proxy username and password must both be specified or both be empty`,
		`leafnodes { remotes: [{url: "tls://h", deny_imports: "a..b"}] }`:                                                     `1:54: subject "a..b" is not a valid subject`,
		`leafnodes { remotes: [{url: "tls://u:p@h"}, {urls: ["tls://u:p@h:7422"]}] }`:                                         `1:45: duplicate remote urls=["tls://[REDACTED]@h:7422"], account="$G"`,
		`websocket { port: -1, no_tls: true, no_auth_user: x }`:                                                               `1:51: no_auth_user: "x" present, but users/nkeys are not defined`,
		`authorization { users: [{user: a, password: b}] }, websocket { port: -1, no_tls: true, authorization { user: u } }`:  `1:110: websocket authentication username not compatible with presence of users/nkeys`,
		`authorization { users: [{user: a, password: b}] }, websocket { port: -1, no_tls: true, authorization { token: u } }`: `1:111: websocket authentication token not compatible with presence of users/nkeys`,
		`websocket { headers { a: 5 } }`:                                                                                      `1:26: expected a string, got the number 5`,
		`websocket { headers { Sec-WebSocket-Key: x } }`:                                                                      `1:23: websocket: invalid header "Sec-WebSocket-Key" not allowed`,
		`websocket { allowed_origins: ["http://a", "x"] }`:                                                                    `1:43: unable to parse allowed origin "x": it is not a URL`,
		`websocket { handshake_timeout: 1.5 }`:                                                                                `1:32: expected a number of seconds or a duration such as "10s", got the decimal number 1.5`,
		`mqtt { ack_wait: "-1s" }`:                                                                                            `1:18: ack wait must be a positive value`,
		`jetstream: maybe`:                                                                                                    `1:12: Expected 'enabled' or 'disabled' for string value, got 'maybe'`,
		`jetstream { store_dir: a }, store_dir: b`:                                                                            `1:24: Duplicate 'store_dir' configuration`,
		`jetstream { max_file: "1X" }`:                                                                                        `1:23: max_file_store sizes defined as strings must end in K, M, G, T`,
		`jetstream { max_file: [] }`:                                                                                          `1:23: expected a size such as 64MB or "1G", got an array`,
		`jetstream { sync: "-1s" }`:                                                                                           `1:19: sync_interval must not be negative, got -1s`,
		`jetstream { domain: "a.b" }`:                                                                                         `1:21: invalid domain name: may not contain ., * or >`,
		`jetstream { extension_hint: both }`:                                                                                  `1:29: expected "no_extend" or "will_extend", got "both"`,
		`jetstream: true, cluster { port: -1, name: c, routes: ["nats://h:1"] }`:                                              "1:1: jetstream cluster requires `server_name` to be set",
		`server_name: s, jetstream: true, cluster { port: -1, name: c }`:                                                      `1:17: JetStream cluster requires configured routes or solicited leafnode for the system account`,
		`server_name: s, jetstream: true, cluster { port: -1, routes: ["nats://h:1"] }`:                                       "1:17: jetstream cluster requires `cluster.name` to be set",
		`trusted_keys: [ OABC ], resolver: MEM`:                                                                               `1:17: trust key "OABC" required to be a valid public operator nkey`,
		`resolver: "URL(ftp://x)"`:                                                                                            `1:11: the account resolver needs an http or https URL, got "ftp://x"`,
		`resolver { type: cache, dir: d, allow_delete: true }`:                                                                `1:47: CACHE does not accept allow_delete`,
		`resolver { type: cache, dir: d, interval: "1m" }`:                                                                    `1:43: CACHE does not accept sync`,
		`resolver { type: full, dir: d, ttl: "1m" }`:                                                                          `1:37: FULL does not accept ttl`,
		`resolver { type: full, dir: d, hard_delete: true }`:                                                                  `1:45: hard_delete has no effect without delete`,
		`resolver {}`:                          `1:1: error parsing account resolver, should be MEM or  URL("url") or a map containing dir and type state=[FULL|CACHE])`,
		`resolver_preload { A: x }`:            `1:20: invalid account JWT`,
		`resolver_pinned_accounts: [ A ]`:      `1:29: pinned account "A" is not a valid public account nkey`,
		`default_sentinel: x`:                  `1:19: default sentinel requires operators and accounts`,
		`ocsp: sometimes`:                      `1:7: expected true or false, got the string "sometimes"`,
		`ocsp_cache { save_interval: "10ms" }`: `1:29: save_interval must be one second or more`,
		`authorization { auth_callout { issuer: X, auth_users: [a] } }`:                                               `1:40: Expected callout user to be a valid public account nkey, got "X"`,
		`authorization { auth_callout { issuer: ` + accountKey + ` } }`:                                               `1:17: Authorization callouts require authorized users to be specified`,
		`authorization { auth_callout { issuer: ` + accountKey + `, auth_users: [a], allowed_accounts: ["$G", X] } }`: `1:140: auth_callout allowed account "X" not found in configured accounts`,
		`authorization { auth_callout { issuer: ` + accountKey + `, auth_users: [a], account: X } }`:                  `1:124: auth_callout account "X" not found in configured accounts`,
		`authorization { auth_callout { issuers: x } }`:                                                               "1:17: Authorization callouts require an issuer to be specified\n1:17: Authorization callouts require authorized users to be specified\n1:32: Unknown field \"issuers\" parsing authorization callout (did you mean \"issuer\"?)",
	} {
		_, got := load(t, text)
		if errs := onlyErrors(got); errs != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, errs, want)
		}
	}
}

// TestAccountConnections is the table of mistakes in exports, imports and mappings.
func TestAccountConnections(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// Exports.
		`A { exports: [{stream: a, service: b}] }`:                               `Detected service "b" but already saw a stream`,
		`A { exports: [{accounts: [A]}] }`:                                       `an export needs a stream or a service`,
		`A { exports: [{stream: "a..b"}] }`:                                      `subject "a..b" is not a valid subject`,
		`A { exports: [{stream: a, response: stream}] }`:                         `Detected response directive on non-service`,
		`A { exports: [{stream: a, allow_trace: true}] }`:                        `Detected allow_trace directive on non-service`,
		`A { exports: [{stream: a, accounts: [B]}] }`:                            `"B" account not defined for stream export`,
		`A { exports: [{service: a, latency: {sampling: 5}}] }`:                  `Latency subject required, but missing`,
		`A { exports: [{service: a, response: stream, latency: lat}] }`:          `Error adding service latency sampling for "a" on subject "lat": bad service response type`,
		`A { exports: [{service: a, latency: {subject: b, sampling: "200%"}}] }`: `bad sampling percentage, should be 1-100`,
		`A { exports: [{stream: "a.b", account_token_position: 2}] }`:            `account_token_position 2 does not point to a * of "a.b"`,
		// Imports.
		`A {}, B { imports: [{stream: {account: A, subject: x}}] }`:                                                                                                    `Error adding stream import "x": stream import not authorized`,
		`A { exports: [{stream: x}] }, B { imports: [{service: {account: A, subject: x}}] }`:                                                                           `Error adding service import "x": service import not authorized`,
		`A { exports: [{stream: x, accounts: [A]}] }, B { imports: [{stream: {account: A, subject: x}}] }`:                                                             `Error adding stream import "x": stream import not authorized`,
		`A { exports: [{stream: "x.*"}] }, B { imports: [{stream: {account: A, subject: "x.>"}}] }`:                                                                    `Error adding stream import "x.>": stream import not authorized`,
		`A { exports: [{stream: "x.>"}] }, B { imports: [{stream: {account: A, subject: "x.*"}}] }`:                                                                    ``,
		`A { exports: [{stream: "x.*", account_token_position: 2}] }, B { imports: [{stream: {account: A, subject: "x.B"}}] }`:                                         ``,
		`A { exports: [{stream: "x.*", account_token_position: 2}] }, B { imports: [{stream: {account: A, subject: "x.A"}}] }`:                                         `Error adding stream import "x.A": stream import not authorized`,
		`A { exports: [{stream: x}] }, B { imports: [{stream: {account: A}}] }`:                                                                                        `Expect an account name and a subject`,
		`A { exports: [{stream: x}] }, B { imports: [{}] }`:                                                                                                            `an import needs a stream or a service`,
		`A { exports: [{stream: x}] }, B { imports: [{stream: {account: A, subject: x}, to: a, prefix: b}] }`:                                                          `Stream import can not have a 'prefix' and a 'to' property`,
		`A { exports: [{stream: x}] }, B { imports: [{stream: {account: A, subject: x}, prefix: "b.*"}] }`:                                                             `Error adding stream import "x": stream import prefix can not contain wildcard tokens`,
		`A { exports: [{stream: x}] }, B { imports: [{stream: {account: A, subject: x}, share: true}] }`:                                                               `Detected share directive on a non-service import`,
		`A { exports: [{stream: x}] }, B { imports: [{stream: {account: A, subject: x}}, {stream: {account: A, subject: x}}] }`:                                        `Error adding stream import "x": stream import already exists`,
		`A { exports: [{service: x}, {service: y}] }, B { imports: [{service: {account: A, subject: x}, to: l}, {service: {account: A, subject: y}, to: l}] }`:         `Duplicate service import subject "l", previously used in import for account "A", subject "x"`,
		`A { exports: [{service: x}], imports: [{service: {account: B, subject: x}}] }, B { exports: [{service: x}], imports: [{service: {account: A, subject: x}}] }`: "Error adding service import \"x\": import forms a cycle\nError adding service import \"x\": import forms a cycle",
		`A { exports: [{service: "x.*.*"}] }, B { imports: [{service: {account: A, subject: "x.*.*"}, to: "y.$1"}] }`:                                                  `Error adding service import "x.*.*": invalid mapping destination: not using all of the token wildcard(s) in y.$1`,
		`A { exports: [{service: "x.*.*"}] }, B { imports: [{service: {account: A, subject: "x.*.*"}, to: "y.$2.{{Wildcard(1)}}"}] }`:                                  ``,
		`A { exports: [{service: "x.*.*"}] }, B { imports: [{service: {account: A, subject: "x.*.*"}, to: "y.*.*"}] }`:                                                 ``,
		// Mappings and the rest.
		`A { mappings { "a..b": c } }`:                                                           `Subject "a..b" is not a valid subject`,
		`A { mappings { a: { weight: 5 } } }`:                                                    `a mapping for "a" has no destination`,
		`A { mappings { a: { dest: b, weight: 101 } } }`:                                         "Invalid weight 101 for mapping destination",
		`A { mappings { a: [{ dest: b, weight: 5 }, { dest: b, weight: 6 }] } }`:                 `Error adding mapping for "a" : duplicate entry for "b"`,
		`A { mappings { a: [{ dest: b, weight: 100, cluster: x }, { dest: b, weight: 100 }] } }`: ``,
		`A { msg_trace: "a.*" }`:                                                                 `trace destination "a.*" is not valid`,
		`A { jetstream { max_mem: x } }`:                                                         `Expected a parseable size for "max_memory", got the string "x"`,
		`A { jetstream { enabled: true } }`:                                                      `unknown field "enabled"`,
	} {
		_, r := load(t, "accounts { "+text+" }")
		var got []string
		for line := range strings.SplitSeq(onlyErrors(r), "\n") {
			if _, after, ok := strings.Cut(line, ": "); ok {
				line = after
			}
			got = append(got, line)
		}
		if errs := strings.Join(got, "\n"); errs != want && !strings.HasPrefix(errs, want+" (") {
			t.Errorf("%s\ngot  %s\nwant %s", text, errs, want)
		}
	}
}

// TestPendingFeatures says which keys a start refuses, and which it only warns about, as long as their
// feature is missing. Nothing is ignored in silence.
func TestPendingFeatures(t *testing.T) {
	t.Parallel()
	const refuse, warn, nothing = "refuse", "warn", "nothing"
	for text, want := range map[string]string{
		`cluster { port: -1 }`:                                      nothing,
		`cluster { name: c }`:                                       nothing, // no port: clustering is off
		`cluster { routes: ["nats://h:1"] }`:                        warn,
		`gateway { name: A, port: -1 }`:                             refuse,
		`gateway {}`:                                                nothing,
		`leafnodes { port: -1 }`:                                    refuse,
		`leafnodes { remotes: [{url: "tls://h"}] }`:                 refuse,
		`leafnodes { remotes: [{url: "tls://h", disabled: true}] }`: nothing,
		`leafnodes { no_advertise: true }`:                          nothing,
		`websocket { port: -1, no_tls: true }`:                      refuse,
		`websocket { no_tls: true }`:                                nothing,
		`mqtt { ack_wait: "1s" }`:                                   nothing,
		`jetstream: enabled`:                                        refuse,
		`jetstream {}`:                                              refuse,
		`jetstream: false`:                                          nothing,
		`jetstream { enabled: false }`:                              nothing,
		`store_dir: x`:                                              warn,
		`trusted_keys: [], resolver: MEM`:                           warn,
		`resolver_tls { insecure: true }`:                           warn,
		`ocsp: true`:                                                refuse,
		`ocsp: false`:                                               nothing,
		`ocsp { mode: never }`:                                      nothing,
		`ocsp_cache: true`:                                          warn,
		`mappings { a: b }`:                                         refuse,
		`mappings {}`:                                               nothing,
		`accounts { A { exports: [{stream: a}] } }`:                 warn,
		`accounts { A { imports: [] } }`:                            nothing,
		`accounts { A { exports: [{stream: a}] }, B { imports: [{stream: {account: A, subject: a}}] } }`: refuse,
		`accounts { A { mappings { a: b } } }`:   refuse,
		`accounts { A { jetstream: enabled } }`:  warn,
		`accounts { A { jetstream: disabled } }`: nothing,
		`accounts { A { msg_trace: t } }`:        warn,
		`default_js_domain { "$G": d }`:          warn,
		`accounts { C { users: [{user: c, password: c}] } }, authorization { auth_callout { issuer: ` + accountKey + `, auth_users: [c], account: C } }`: refuse,
	} {
		o, problems := load(t, text)
		if o == nil {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		got := nothing
		if len(problems) > 0 {
			got = warn
		}
		if r := o.Refusals(); len(r) > 0 {
			got = refuse
			if r[0].Pos.Line != 1 || r[0].Warning {
				t.Errorf("%s: refusal without place, or as a warning: %v", text, r[0])
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s: %v", text, got, want, problems)
		}
	}
}

// TestServerSectionValues looks at values that are not simply what was written.
func TestServerSectionValues(t *testing.T) {
	t.Parallel()
	o, problems := load(t, `
		server_name: s, ping_interval: "1m", write_deadline: "7s"
		system_account: SYS
		accounts { SYS {}, A { mappings { "a.*": [{dest: "b.$1", weight: "30%"}, {dest: "a.$1", weight: 70}] } } }
		mappings { x: y }
		cluster { name: c, listen: "127.0.0.1:6222", compression: true, write_timeout: close, routes: ["nats://r:s@h:1", "nats://r:s@h:1"]
		          authorization { user: r, password: s } }
		leafnodes { dial_timeout: "4s", remotes: [
		  { url: "tls://h", creds: "$NOSUCH_NATSD/x", jetstream_cluster_migrate: true },
		  { urls: ["ws://h", "wss://i:1"], local: A, dial_timeout: "2s", compression: off, js_cluster_migrate: { leader_migrate_delay: "5s" } } ] }
		websocket { listen: 127.0.0.1:-1, no_tls: true, origins: "HTTPS://App.Example", headers { X-A: b } }
		jetstream { max_mem: "1G", max_file: 0, sync: always, info_queue_limit: 5 }
	`)
	if o == nil {
		t.Fatal(problems)
	}
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"route compression", o.Cluster.Compression.Mode, "s2_fast"},
		{"route ping", o.Cluster.PingInterval, 30 * time.Second},
		{"route deadline", o.Cluster.WriteDeadline, 7 * time.Second},
		{"route policy", o.Cluster.WriteTimeout, "close"},
		{"routes", len(o.Cluster.Routes), 1},
		{"route shown", o.Cluster.Routes[0].String(), "nats://[REDACTED]@h:1"},
		{"route dialled", o.Cluster.Routes[0].Reveal().String(), "nats://r:s@h:1"},
		{"pool", o.Cluster.PoolSize, 3},
		{"leaf policy", o.Leafnodes.WriteTimeout, "retry"},
		{"leaf compression", o.Leafnodes.Compression.Mode, "s2_auto"},
		{"leaf port", o.Leafnodes.Remotes[0].URLs[0].String(), "tls://h:7422"},
		{"leaf account", o.Leafnodes.Remotes[0].Account, "$G"},
		{"leaf dial", o.Leafnodes.Remotes[0].DialTimeout, 4 * time.Second},
		{"leaf migrate", o.Leafnodes.Remotes[0].MigrateJetStream, true},
		{"unknown variable", o.Leafnodes.Remotes[0].Credentials, "$NOSUCH_NATSD/x"},
		{"websocket leaf", o.Leafnodes.Remotes[1].URLs[0].String(), "ws://h"},
		{"own dial timeout", o.Leafnodes.Remotes[1].DialTimeout, 2 * time.Second},
		{"own compression", o.Leafnodes.Remotes[1].Compression.Mode, "off"},
		{"migrate delay", o.Leafnodes.Remotes[1].MigrateDelay, 5 * time.Second},
		{"origin", o.Websocket.AllowedOrigins[0], "https://app.example"},
		{"header", o.Websocket.Headers["X-A"], "b"},
		{"websocket ping", o.Websocket.PingInterval, time.Minute},
		{"memory", o.JetStream.MaxMemory, int64(1 << 30)},
		{"no disk", o.JetStream.MaxFile, int64(0)},
		{"sync", o.JetStream.SyncAlways, true},
		{"request queue", o.JetStream.RequestQueueLimit, 10000},
		{"info queue", o.JetStream.InfoQueueLimit, 5},
		{"weight", o.Accounts[0].Mappings[0].Destinations[0].Weight, 30},
		{"global mapping", o.Mappings[0].Destinations[0], Destination{Subject: "y", Weight: 100}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}
