package config

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"
)

// TestOptionProblems is the table of what is said about single options.
func TestOptionProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`listen: "1.2.3.4"`:                           `1:9: could not parse address string "1.2.3.4"`,
		`listen: "1.2.3.4:x"`:                         `1:9: could not parse port "x"`,
		`listen: true`:                                `1:9: expected port or host:port, got true`,
		`listen: "[::1]:70000"`:                       `1:9: port must be between -1 and 65535, got 70000`,
		`port: -2`:                                    `1:7: port must be between -1 and 65535, got -2`,
		`client_advertise: "a:x"`:                     `1:19: invalid ClientAdvertise value of a:x, err=strconv.Atoi: parsing "x": invalid syntax`,
		`client_advertise: "a:70000"`:                 `1:19: invalid ClientAdvertise value of a:70000, err=port 70000 is out of range`,
		`client_advertise: "a:b:c"`:                   `1:19: invalid ClientAdvertise value of a:b:c, err=address a:b:c: too many colons in address`,
		`client_advertise: "[::1]"`:                   ``,
		`server_name: "a b"`:                          `1:14: server name cannot contain spaces`,
		`server_tags: 5`:                              `1:14: error parsing tags: unsupported type integer`,
		`server_metadata { a: 5 }`:                    `1:22: expected a string, got the number 5`,
		`feature_flags { x: "yes" }`:                  `1:20: error parsing feature flag "x": expected bool, got string`,
		`proxy_protocol_from: "10.0.0.0/99"`:          `1:22: "10.0.0.0/99" is not a network such as "10.0.0.0/8"`,
		`proxy_protocol_from: ["10.0.0.1", 5]`:        `1:35: expected a network such as "10.0.0.0/8", got the number 5`,
		`proxy_protocol: true`:                        `warning 1:17: PROXY headers are accepted from loopback addresses only; name the proxies in proxy_protocol_from`,
		`memory_limit: lots`:                          `1:15: expected a size such as 512MB, "auto" or "off"`,
		`max_sub_tokens: 0`:                           `1:17: max_sub_tokens value can not be negative`,
		`max_sub_tokens: 256`:                         `1:17: max_sub_tokens value is too big`,
		`max_control_line: 3g`:                        `1:19: max_control_line value is too big`,
		`max_control_line: -1`:                        `1:19: max_control_line must not be negative, got -1`,
		`max_payload: 2gb`:                            `1:14: max_payload value is too big`,
		`max_payload: -1`:                             ``,
		`max_payload: 9MB`:                            `warning 1:14: maximum payloads over 8 MB are generally discouraged and could lead to poor performance`,
		`max_pending: 1000`:                           `1:14: max_payload (1048576) cannot be higher than max_pending (1000)`,
		`max_payload: 65MB`:                           `1:14: max_payload (68157440) cannot be higher than max_pending (67108864)` + "\n" + `warning 1:14: maximum payloads over 8 MB are generally discouraged and could lead to poor performance`,
		`max_connections: 0`:                          `warning 1:18: max_connections of 0 lets no client connect`,
		`max_connections: -1`:                         `warning 1:18: max_connections of -1 lets no client connect`,
		`write_timeout: Close`:                        `1:16: write_timeout must be 'default', 'close' or 'retry'`,
		`write_deadline: "10 seconds"`:                `1:17: error parsing write_deadline: time: unknown unit " seconds" in duration "10 seconds"`,
		`lame_duck_duration: "10s"`:                   `1:21: invalid lame_duck_duration of 10s, minimum is 30 seconds`,
		`lame_duck_grace_period: "-1s"`:               `1:25: invalid lame_duck_grace_period, needs to be positive`,
		`lame_duck_grace_period: "2m"`:                `1:25: lame duck grace period (2m0s) should be strictly lower than lame duck duration (2m0s)`,
		`remote_syslog: "http://a"`:                   `1:16: error invalid network type: "http"`,
		`remote_syslog: "%"`:                          `1:16: error parsing remote syslog address: parse "%": invalid URL escape "%"`,
		`log_levels { client: loud }`:                 `1:22: expected "trace", "debug", "info", "warn", "error" or "fatal", got "loud"`,
		`log_levels { cleint: debug }`:                `warning 1:14: log_levels of "cleint" has no effect: there is no such module (did you mean "client"?)`,
		`http: 4222`:                                  `1:7: http_port and port are both 4222 on 0.0.0.0`,
		`https: 8443`:                                 `1:8: TLS cert and key required for HTTPS`,
		`monitor_auth: true`:                          `warning 1:15: monitor_auth asks for a token and there are no admin.tokens: nobody is let in but with a token that the admin API makes later`,
		`monitor_auth: false`:                         ``,
		`metrics: false`:                              ``,
		`admin { monitor: off }`:                      ``,
		`admin { monitor: compat }`:                   ``,
		`admin { monitor: none }`:                     `1:18: expected off or compat, got the string "none"`,
		`metrics: true`:                               ``,
		`watch: true`:                                 ``,
		`watch { mode: lax }`:                         `1:15: expected "strict" or "partial", got "lax"`,
		`admin { listen: "0.0.0.0:8223" }`:            `1:17: admin.listen on another address than loopback needs admin.tls`,
		`admin { listen: "127.0.0.1" }`:               `1:17: "127.0.0.1" is not host:port`,
		`admin { tokens: [ {id: a, hash: secret} ] }`: `1:33: hash must be a bcrypt hash of the token`,
		`admin { tokens: [ {hash: "$2a$10$/wrOmQOjxaYumdkoxZLitO.v0lGSypXWZTqTqNxgqjISEo4ZDcaZa"} ] }`:                       `1:19: an admin token needs an id`,
		`admin { unix_roles { uid { 0: boss } } }`:                                                                           `1:31: expected "none", "viewer", "operator" or "admin", got "boss"`,
		`admin { tokens: [ {id: a, hash: "$2a$10$/wrOmQOjxaYumdkoxZLitO.v0lGSypXWZTqTqNxgqjISEo4ZDcaZa", expires: soon} ] }`: `1:106: expected a time such as 2030-01-31T00:00:00Z, got the string "soon"`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, got := load(t, text+"\n")
			if joined := strings.Join(got, "\n"); joined != want {
				t.Errorf("got  %s\nwant %s", joined, want)
			}
		})
	}
}

// TestOptionValues looks at what options become.
func TestOptionValues(t *testing.T) {
	t.Parallel()
	type get func(*Options) any
	for _, c := range []struct {
		text string
		get  get
		want string
	}{
		{"listen: 7", func(o *Options) any { return fmt.Sprint(o.Host, ":", o.Port) }, "0.0.0.0:7"},
		{`listen: "[::1]:7"`, func(o *Options) any { return fmt.Sprint(o.Host, " ", o.Port) }, "::1 7"},
		{`listen: ":7"`, func(o *Options) any { return fmt.Sprint(o.Host, " ", o.Port) }, "0.0.0.0 7"},
		{"port: 0", func(o *Options) any { return o.Port }, "4222"},
		{"http: 1.2.3.4:8222", func(o *Options) any { return fmt.Sprint(o.Monitoring.HTTPHost, " ", o.Monitoring.HTTPPort) }, "1.2.3.4 8222"},
		{"monitor_port: 8222\nhost: h", func(o *Options) any { return fmt.Sprint(o.Monitoring.HTTPHost, " ", o.Monitoring.HTTPPort) }, "h 8222"},
		{"server_tags: a", func(o *Options) any { return o.Tags }, "[a]"},
		{"server_metadata { A: b, a: c }", func(o *Options) any { return o.Metadata }, "map[A:b a:c]"},
		{"feature_flags { x: on }", func(o *Options) any { return o.FeatureFlags }, "map[x:true]"},
		{"proxy_protocol_from: [10.0.0.1, \"fe80::/10\"]", func(o *Options) any { return o.ProxyProtocolFrom }, "[10.0.0.1/32 fe80::/10]"},
		{"", func(o *Options) any { return o.ProxyProtocolFrom }, "[127.0.0.0/8 ::1/128]"},
		{"memory_limit: 1GiB", func(o *Options) any { return o.MemoryLimit }, "{false 1073741824}"},
		{"memory_limit: off", func(o *Options) any { return o.MemoryLimit }, "{false 0}"},
		{"memory_limit: \"AUTO\"", func(o *Options) any { return o.MemoryLimit }, "{true 0}"},
		{"max_payload: 0", func(o *Options) any { return o.Limits.MaxPayload }, "1048576"},
		{"max_connections: -1", func(o *Options) any { return o.Limits.MaxConnections }, "-1"},
		{"log_levels { client: debug, auth: TRACE }", func(o *Options) any {
			return o.Logging.Levels["client"] == slog.LevelDebug && o.Logging.Levels["auth"] == -8
		}, "true"},
		{"trace_headers: true", func(o *Options) any { return o.Logging.Trace }, "true"},
		{"log_max_age: \"48h\"", func(o *Options) any { return o.Logging.MaxAge }, "48h0m0s"},
		{"auth_failure_delay { free: 3, per: \"10s\" }", func(o *Options) any { return o.Authorization.FailureDelay }, "{3 10s 1s}"},
		{"proxies {}", func(o *Options) any { return o.TrustedProxies != nil }, "true"},
		{"", func(o *Options) any { return o.TrustedProxies == nil }, "true"},
		{"", func(o *Options) any { return o.SystemAccount }, "$SYS"},
		{"no_sys_acc: true", func(o *Options) any { return o.SystemAccount }, ""},
		{"accounts { \"$SYS\" {} }\nsystem_account: \"$SYS\"", func(o *Options) any { return o.SystemAccount }, "$SYS"},
		{"accounts { b { limits { max_conn: 3 } }, a {} }", func(o *Options) any {
			return fmt.Sprint(o.Accounts[0].Name, o.Accounts[0].Limits, o.Accounts[1].Limits)
		}, "a{-1 -1 -1 -1} {3 -1 -1 -1}"},
		{"accounts: [b, a]", func(o *Options) any { return o.Accounts[0].Name }, "a"},
		{"watch { quiet: \"1s\" }", func(o *Options) any { return o.Watch }, "{true strict 1s 5s}"},
		{"admin { unix: s, unix_roles { uid { 0: admin }, gid { natsd: operator } }, history { keep: 3 } }", func(o *Options) any {
			return fmt.Sprint(o.Admin.Configured, o.Admin.Unix, o.Admin.UIDRoles, o.Admin.GIDRoles, o.Admin.HistoryKeep, o.Admin.Probation)
		}, "truesmap[0:admin] map[natsd:operator] 3 10s"},
		{`admin { tokens: [ {id: a, hash: "$2a$10$/wrOmQOjxaYumdkoxZLitO.v0lGSypXWZTqTqNxgqjISEo4ZDcaZa", role: admin, expires: 2030-01-31T00:00:00Z, cidr: 10.0.0.1} ] }`, func(o *Options) any {
			tok := o.Admin.Tokens[0]
			return fmt.Sprint(tok.ID, tok.Role, tok.Expires.Format(time.DateOnly), tok.CIDR)
		}, "a admin 2030-01-31[10.0.0.1/32]"},
	} {
		o, problems := load(t, c.text+"\n")
		if o == nil {
			t.Errorf("%s: %v", c.text, problems)
			continue
		}
		if got := strings.ReplaceAll(fmt.Sprint(c.get(o)), "aadmin", "a admin "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

// TestRefusals: a start must not go on without a feature that the file relies on.
func TestRefusals(t *testing.T) {
	t.Parallel()
	o, _ := load(t, "jetstream: on\nwatch: true\ngateway { name: A, port: 7222 }\n")
	if o == nil {
		t.Fatal("no options")
	}
	refusals := o.Refusals()
	if len(refusals) != 2 || refusals[0].Key != "jetstream" || refusals[1].Pos.Line != 3 || refusals[0].Warning {
		t.Errorf("%v", refusals)
	}
	if !strings.Contains(refusals[0].Error(), "natsd.conf:1:1: jetstream cannot be served: this version of natsd does not have") {
		t.Error(refusals[0].Error())
	}
}

func TestSecondsHaveABound(t *testing.T) {
	t.Parallel()
	if _, problems := load(t, fmt.Sprintf("authorization { user: a, timeout: %d }\n", math.MaxInt64)); len(problems) != 1 {
		t.Error(problems)
	}
}
