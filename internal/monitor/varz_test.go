package monitor

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/config"
	"natsd/internal/status"
)

// shape lists the keys of a JSON object in their order, with types; below is not looked at.
func shape(t testing.TB, body []byte, depth int) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(body))
	var out []string
	if err := walk(dec, "$", depth, &out); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return out
}

// walk reads one value and appends its path and type, and those of its parts down to depth.
func walk(dec *json.Decoder, path string, depth int, out *[]string) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	add := func(kind string) {
		if line := path + " " + kind; depth >= 0 && !slices.Contains(*out, line) {
			*out = append(*out, line)
		}
	}
	switch v := tok.(type) {
	case json.Delim:
		add(map[json.Delim]string{'{': "object", '[': "array"}[v])
		for dec.More() {
			child := path + "[]"
			if v == '{' {
				key, err := dec.Token()
				if err != nil {
					return err
				}
				child = path + "." + key.(string)
			}
			if err := walk(dec, child, depth-1, out); err != nil {
				return err
			}
		}
		_, err = dec.Token()
		return err
	case string:
		add("string")
	case float64:
		add("number")
	case bool:
		add("bool")
	case nil:
		add("null")
	}
	return nil
}

// without drops the lines that begin with one of prefixes.
func without(lines []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(l, p) })
	})
}

// TestVarzKeyOrder compares keys, order and types with two captures.
func TestVarzKeyOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file    string
		options func(*config.Options)
		fake    func(*fakeSource)
	}{
		{"2.14.5.s1.varz.json", func(o *config.Options) {
			o.Tags, o.Metadata = []string{"az:a", "gpu:no"}, map[string]string{"rack": "r1"}
		}, nil},
		{"latest.a1.varz.json", func(o *config.Options) {
			o.Tags = []string{"x"}
			o.TLS, o.AllowNonTLS = &config.TLS{Verify: true, Timeout: 3 * time.Second, Config: &tls.Config{}}, true
		}, func(f *fakeSource) {
			f.server.AuthRequired = true
			f.server.ConnectURLs, f.server.WSConnectURLs = []string{"127.0.0.1:4222"}, []string{"127.0.0.1:8080"}
			f.server.CertNotAfter = testNow
		}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			if tt.fake != nil {
				tt.fake(f)
			}
			o := testOptions()
			tt.options(o)
			c := newCollector(f)
			c.options = func() *config.Options { return o }
			body := get(t, Handler(c, ""), "GET", "/varz").Body.Bytes()

			// Objects of features that natsd does not have stay empty, and flags differ by version.
			differ := []string{
				"$.cluster.", "$.gateway.", "$.leaf.", "$.mqtt.", "$.websocket.", "$.jetstream.", "$.feature_flags.",
				"$.natsd_version", "$.natsd_log", "$.natsd_log.written", "$.natsd_log.dropped", "$.natsd_log.suppressed",
				"$.natsd_log.rotated", "$.natsd_log.failing", "$.git_commit", "$.gomemlimit",
			}
			want := without(shape(t, capture(t, tt.file), 2), differ...)
			got := without(shape(t, body, 2), differ...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-nats-server +natsd:\n%s", diff)
			}
		})
	}
}

func TestVarzValues(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.server.Port, f.server.HTTPPort, f.server.HTTPSPort = 4333, 8333, 0
	f.counters = status.Counters{
		Connections: 3, TotalConnections: 9, Subs: 17, Stalls: 4, PinnedAccountFails: 1,
		Traffic:       status.Traffic{InMsgs: 10, InBytes: 100, OutMsgs: 20, OutBytes: 200},
		Clients:       status.Traffic{InMsgs: 1, InBytes: 11, OutMsgs: 2, OutBytes: 22},
		SlowConsumers: status.KindCounts{Clients: 5, Leafs: 1}, StaleConnections: status.KindCounts{Clients: 2},
	}
	o := testOptions()
	o.Port, o.ServerName, o.Digest = -1, "x", "sha256:ab"
	o.Limits.MaxSubscriptions, o.Limits.WriteTimeout = 12, "retry"
	o.Authorization.Timeout = 1500 * time.Millisecond
	o.Monitoring.BasePath = "nats"
	o.TrustedProxies = []string{"PKEY"}
	o.FeatureFlags = map[string]bool{"js_ack_fc_v2": true, "mine": true}
	c := newCollector(f)
	c.options = func() *config.Options { return o }
	v := c.Varz()
	for name, ok := range map[string]bool{
		"bound ports":    v.Port == 4333 && v.HTTPPort == 8333 && v.HTTPSPort == 0,
		"http host":      v.HTTPHost == "127.0.0.1" && v.HTTPBasePath == "nats",
		"auth timeout":   v.AuthTimeout == 1.5 && v.TLSTimeout == 2,
		"write timeout":  v.WriteTimeout == "retry" && v.WriteDeadline == 10*time.Second,
		"traffic":        v.InMsgs == 10 && v.InBytes == 100 && v.OutMsgs == 20 && v.OutBytes == 200,
		"client traffic": v.InClientMsgs == 1 && v.InClientBytes == 11 && v.OutClientMsgs == 2 && v.OutClientBytes == 22,
		"slow consumers": v.SlowConsumers == 6 && v.SlowConsumerStats.Leafs == 1,
		"stale":          v.StaleConnections == 2 && v.StaleConnectionStats.Clients == 2,
		"counts":         v.Connections == 3 && v.TotalConnections == 9 && v.Subscriptions == 17 && v.StalledClients == 4 && v.PinnedFails == 1,
		"proxies":        len(v.Proxies.Trusted) == 1 && v.Proxies.Trusted[0].Key == "PKEY",
		"flags":          v.FeatureFlags["js_ack_fc_v2"] && v.FeatureFlags["mine"] && len(v.FeatureFlags) == 3,
		"times":          v.Uptime == "5s" && v.Start.Equal(testNow.Add(-5*time.Second)) && v.Now.Location() == time.UTC,
		"identity":       v.Version == "2.14.5-natsd.0.1.0" && v.NatsdVersion == "0.1.0" && v.Proto == 1 && v.ConfigDigest == "sha256:ab",
		"process":        v.Mem > 0 && v.Cores > 0 && v.MaxProcs > 0 && v.CPU >= 0,
	} {
		if !ok {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestVarzTLS is the table of the TLS keys.
func TestVarzTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tls              *config.TLS
		allowNonTLS      bool
		required, verify bool
		timeout          float64
	}{
		{nil, false, false, false, 2},
		{&config.TLS{Timeout: time.Second}, false, true, false, 1},
		{&config.TLS{Timeout: time.Second, Verify: true}, true, false, true, 1},
		{&config.TLS{Timeout: time.Second, VerifyAndMap: true}, false, true, true, 1},
	} {
		o := testOptions()
		o.TLS, o.AllowNonTLS = tt.tls, tt.allowNonTLS
		c := newCollector(newFake())
		c.options = func() *config.Options { return o }
		v := c.Varz()
		if v.TLSRequired != tt.required || v.TLSVerify != tt.verify || v.TLSTimeout != tt.timeout {
			t.Errorf("%+v: required %v, verify %v, timeout %v", tt, v.TLSRequired, v.TLSVerify, v.TLSTimeout)
		}
	}
}

func TestCPU(t *testing.T) {
	t.Parallel()
	start := time.Now()
	p := newProcess(start)
	for time.Since(start) < 30*time.Millisecond { //nolint:revive // burns processor time on purpose
	}
	if got := p.percent(start.Add(time.Second / 2)); got != 0 {
		t.Errorf("%v %% after half a second, want the value before", got)
	}
	busy := p.percent(start.Add(2 * time.Second))
	if busy <= 0 {
		t.Errorf("%v %% after work", busy)
	}
	if again := p.percent(start.Add(2*time.Second + 1)); again != busy {
		t.Errorf("%v, then %v within a second", busy, again)
	}
}

func TestUptimeText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 999 * time.Millisecond: "0s", 45 * time.Second: "45s", 187 * time.Second: "3m7s",
		2*time.Hour + 5*time.Second: "2h0m5s", 86400*time.Second + 2*time.Hour + 184*time.Second: "1d2h3m4s",
		385*24*time.Hour + 4*time.Hour + 9*time.Second: "1y20d4h0m9s",
	} {
		if got := uptimeText(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestRTTText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 999: "999ns", 1000: "1µs", 154_321: "154µs", 999_999: "999µs", 1_069_435: "1.069435ms", 301_270_000: "301.27ms",
	} {
		if got := rttText(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestTLSVersionText(t *testing.T) {
	t.Parallel()
	for v, want := range map[uint16]string{
		tls.VersionTLS10: "1.0", tls.VersionTLS11: "1.1", tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3", 0x305: "Unknown [0x305]",
	} {
		if got := tlsVersionText(v); got != want {
			t.Errorf("%x: %s, want %s", v, got, want)
		}
	}
}

// TestShapes compares every path and type of natsd's answers with all that nats-server was seen to
// give. Only natsd's own key and keys that no capture provoked may be missing there.
func TestShapes(t *testing.T) {
	t.Parallel()
	var known map[string]map[string][]string
	if err := json.Unmarshal(readFile(t, "testdata/shapes.json"), &known); err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{
		"$.natsd_version": true, "$.natsd_log": true, "$.natsd_log.written": true, "$.natsd_log.dropped": true,
		"$.natsd_log.suppressed": true, "$.natsd_log.rotated": true, "$.natsd_log.failing": true, "$.git_commit": true, "$.gomemlimit": true, "$.proxies": true, "$.proxies.trusted": true,
		"$.proxies.trusted[]": true, "$.proxies.trusted[].key": true, "$.write_timeout": true, "$.max_subscriptions": true,
		"$.pinned_account_fails": true, "$.tls_required": true,
		"$.connections[].proxy": true, "$.connections[].proxy.key": true,
		"$.account_detail.tags": true, "$.account_detail.jwt": true,
	}
	c := newCollector(fullFake())
	c.options = fullOptions
	h := Handler(c, "")
	for _, target := range []string{
		"/varz", "/connz?auth=1&subs=detail&state=any", "/connz?subs=1&state=any", "/routez", "/gatewayz", "/leafz", "/jsz",
		"/subsz?subs=1", "/subscriptionsz?subs=1", "/accountz", "/accountz?acc=FULL", "/accstatz?unused=1", "/healthz",
	} {
		path, _, _ := strings.Cut(target, "?")
		path = strings.Replace(path, "subscriptionsz", "subsz", 1)
		for _, line := range shape(t, get(t, h, "GET", target).Body.Bytes(), 9) {
			key, kind, _ := strings.Cut(line, " ")
			types, ok := known[path][key]
			for _, dynamic := range []string{"$.http_req_stats", "$.metadata", "$.feature_flags", "$.account_detail.mappings"} {
				if rest, cut := strings.CutPrefix(key, dynamic+"."); cut {
					_, tail, _ := strings.Cut(rest, "[]")
					if strings.Contains(rest, "[]") {
						tail = "[]" + tail
					}
					types, ok = known[path][dynamic+".<name>"+tail]
				}
			}
			if own[key] {
				continue
			}
			if !ok || !slices.Contains(types, kind) {
				t.Errorf("%s: %s is %s, nats-server has %v", target, key, kind, types)
			}
		}
	}
}

// fullOptions has a value for everything that can be shown.
func fullOptions() *config.Options {
	o := testOptions()
	o.TLS = &config.TLS{Verify: true}
	o.Limits.MaxSubscriptions, o.Limits.WriteTimeout = 1, "close"
	o.Tags, o.Metadata, o.TrustedProxies = []string{"a"}, map[string]string{"a": "b"}, []string{"P"}
	return o
}

// fullFake has a value for everything that can be shown.
func fullFake() *fakeSource {
	f := newFake()
	f.server.Commit, f.server.AuthRequired, f.server.CertNotAfter = "abcdef0", true, testNow
	f.server.ConnectURLs, f.server.WSConnectURLs = []string{"a:1"}, []string{"a:2"}
	f.counters.PinnedAccountFails = 1
	row := fakeConns(1)[0]
	facts := *row.Facts
	facts.Account, facts.AccountTag, facts.JWT, facts.IssuerKey, facts.Tags = "FULL", "Full", "j", "i", []string{"t"}
	facts.MQTTClient, facts.ProxyKey = "m", "p"
	facts.TLS = &status.TLS{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256, First: true, PeerCerts: []status.PeerCert{{Subject: "CN=x", SPKISHA256: "00", CertSHA256: "01"}}}
	row.Facts, row.Stalls = &facts, 3
	sub := status.Sub{Account: "FULL", AccountTag: "Full", Subject: "a.b", Queue: "q", SID: "1", Msgs: 1, Max: 2, CID: 5}
	f.open = []status.Conn{row}
	f.connSubs = map[uint64][]status.Sub{facts.CID: {{Subject: "a.b", Queue: "q", SID: "1", Msgs: 1, Max: 2, CID: 5}}}
	f.closed = []*status.Closed{{Conn: row, Stop: testNow, Reason: "Kicked", Subscriptions: []status.Sub{sub}}}
	f.subs = []status.Sub{sub}
	f.accounts = append(f.accounts, status.AccountDetail{
		Account: status.Account{Name: "FULL", Tag: "Full", Clients: 1}, Updated: testNow, System: true, Complete: true,
		JWT: "j", IssuerKey: "i", Tags: []string{"t"},
		Mappings: map[string][]status.MapTarget{"a": {{Subject: "b", Weight: 100}}},
		Exports:  []status.Export{{Subject: "s", Type: "service", ResponseType: "Singleton", ApprovedAccounts: []string{"B"}}},
		Imports:  []status.Import{{Subject: "s", Account: "B", To: "t", LocalSubject: "t", Type: "service"}},
	})
	return f
}

// TestNothingSecret plants a marker where a secret might be and looks for it everywhere.
func TestNothingSecret(t *testing.T) {
	t.Parallel()
	const canary = "c4n4ry"
	o := testOptions()
	o.Authorization.User, o.Authorization.Password, o.Authorization.Token = "u", canary, canary
	o.Authorization.Users = []config.User{{Name: "bob", Password: canary}}
	c := newCollector(fullFake())
	c.options = func() *config.Options { return o }
	c.args = []string{"natsd", "--pass", canary, "-auth=" + canary, "--routes", "nats://a:" + canary + "@h:1", "--cluster=nats://x:" + canary + "@h", "--foo=nats://x:" + canary + "@h", "--remote-syslog", "udp://u:" + canary + "@h"}
	h := Handler(c, "")
	for _, e := range endpoints {
		for _, query := range []string{"", "?auth=1&subs=detail&state=any"} {
			if e.path == "/stacksz" {
				continue // this test's own frames
			}
			if body := get(t, h, "GET", e.path+query).Body.String(); strings.Contains(body, canary) {
				t.Errorf("%s%s shows a secret: %s", e.path, query, body)
			}
		}
	}
}

func TestRedactArgs(t *testing.T) {
	t.Parallel()
	in := []string{"natsd", "-c", "nats.conf", "--user", "u", "--pass=p", "-auth", "t", "-DV", "--cluster-listen", "nats://a:b@h:1", "--routes=x", "--url", "nats://a:b@h", "--pass"}
	want := []string{"natsd", "-c", "nats.conf", "--user", redacted, "--pass=" + redacted, "-auth", redacted, "-DV", "--cluster-listen", redacted, "--routes=" + redacted, "--url", "nats://" + redacted + "@h", "--pass"}
	if diff := cmp.Diff(want, RedactArgs(in)); diff != "" {
		t.Error(diff)
	}
	if in[4] != "u" {
		t.Error("the arguments were changed in place")
	}
}

func ExampleCollector_Connz() {
	src := newFake()
	src.open = fakeConns(2)
	z, err := newCollector(src).Connz(ConnzQuery{Sort: "bytes_to", Limit: 1})
	fmt.Println(z.Total, z.NumConns, z.Connections[0].CID, err)
	// Output: 2 1 6 <nil>
}
