package monitor

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/status"
)

// capture reads a body that a nats-server gave.
func capture(t testing.TB, name string) []byte {
	t.Helper()
	return bytes.TrimSuffix(readFile(t, filepath.Join("testdata", "captures", name)), []byte("\n"))
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodeCapture[T any](t testing.TB, name string) *T {
	t.Helper()
	v := new(T)
	if err := json.Unmarshal(capture(t, name), v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// universe turns the rows of a capture back into a server that has them.
func universe(t testing.TB, names ...string) *fakeSource {
	t.Helper()
	f := newFake()
	f.connSubs = make(map[uint64][]status.Sub)
	for _, name := range names {
		z := decodeCapture[Connz](t, name)
		f.server.ID = z.ID
		for _, info := range z.Connections {
			f.add(t, info)
		}
	}
	return f
}

func (f *fakeSource) add(t testing.TB, i *ConnInfo) {
	t.Helper()
	facts := &status.Facts{
		CID: i.CID, Type: i.Type, Remote: netip.AddrPortFrom(netip.MustParseAddr(i.IP), uint16(i.Port)), Start: i.Start,
		Name: i.Name, Lang: i.Lang, Version: i.Version, User: i.AuthorizedUser, Account: i.Account, AccountTag: i.NameTag,
		JWT: i.JWT, IssuerKey: i.IssuerKey, Tags: i.Tags, MQTTClient: i.MQTTClient,
	}
	if i.Kind == status.Leafnode.String() {
		facts.Kind = status.Leafnode
	}
	if i.NameTag == globalAccount || i.NameTag == "" && facts.Account == "" {
		facts.Account, facts.AccountTag = globalAccount, globalAccount
	}
	if i.TLSVersion != "" {
		facts.TLS = &status.TLS{Version: 0x0304, CipherSuite: 0x1301, First: i.TLSFirst, PeerCerts: i.TLSPeerCerts}
	}
	rtt, err := time.ParseDuration(i.RTT)
	if err != nil {
		t.Fatal(err)
	}
	if !f.HasAccount(facts.Account) {
		f.accounts = append(f.accounts, status.AccountDetail{Account: status.Account{Name: facts.Account}})
	}
	row := status.Conn{
		Facts:   facts,
		Traffic: status.Traffic{InMsgs: i.InMsgs, InBytes: i.InBytes, OutMsgs: i.OutMsgs, OutBytes: i.OutBytes},
		Stalls:  i.Stalls, Pending: i.Pending, Subs: i.NumSubs, RTT: rtt, LastActivity: i.LastActivity.UnixNano(),
	}
	if i.Stop != nil {
		f.closed = append(f.closed, &status.Closed{Conn: row, Stop: *i.Stop, Reason: i.Reason, Subscriptions: i.SubsDetail})
		return
	}
	f.open = append(f.open, row)
	subs := i.SubsDetail
	for _, s := range i.Subs {
		subs = append(subs, status.Sub{Subject: s})
	}
	f.connSubs[i.CID] = subs
}

// TestConnzAsCaptured rebuilds the connections of a nats-server and expects its very bytes.
func TestConnzAsCaptured(t *testing.T) {
	t.Parallel()
	s1Open := []string{"latest.s1.connz__subs=detail.json"}
	s1Both := []string{"latest.s1.connz__subs=detail.json", "latest.s1.connz__state=closed__subs=detail__auth=1.json"}
	for _, tt := range []struct {
		file, target string
		from         []string // nil: rebuilt from the file itself
	}{
		{file: "latest.s1.connz.json", target: "/connz", from: s1Open},
		{file: "latest.s1.connz__auth=1.json", target: "/connz?auth=1", from: s1Open},
		{file: "latest.s1.connz__callback=cb.json", target: "/connz?callback=cb", from: s1Open},
		{file: "latest.s1.connz__cid=999999.json", target: "/connz?cid=999999", from: s1Open},
		{file: "latest.s1.connz__acc=NOPE.json", target: "/connz?acc=NOPE", from: s1Open},
		{file: "latest.s1.connz__limit=-5.json", target: "/connz?limit=-5", from: s1Open},
		{file: "latest.s1.connz__offset=-5.json", target: "/connz?offset=-5", from: s1Open},
		{file: "latest.s1.connz__offset=100.json", target: "/connz?offset=100", from: s1Open},
		{file: "latest.s1.connz__sort=bytes_to.json", target: "/connz?sort=bytes_to", from: s1Open},
		{file: "latest.s1.connz__subs=1.json", target: "/connz?subs=1"},
		{file: "latest.s1.connz__subs=detail.json", target: "/connz?subs=detail"},
		{file: "latest.s1.connz__subs=detail.json", target: "/connz?subs=DETAIL&subs=0"},
		{file: "latest.s1.connz__state=any__limit=2__offset=1.json", target: "/connz?state=any&limit=2&offset=1", from: s1Both},
		{file: "latest.s1.connz__state=any__limit=2__offset=1.json", target: "/connz?state=ALL&limit=2&offset=1", from: s1Both},
		{file: "latest.s1.connz__state=closed.json", target: "/connz?state=Closed", from: s1Both},
		{file: "latest.s1.connz__state=closed__sort=reason.json", target: "/connz?state=closed&sort=reason", from: s1Both},
		{file: "latest.s1.connz__state=closed__sort=stop.json", target: "/connz?state=closed&sort=stop", from: s1Both},
		{file: "latest.s1.connz__state=closed__subs=detail__auth=1.json", target: "/connz?state=closed&subs=detail&auth=1"},
		{file: "latest.a1.connz__auth=1__acc=APP.json", target: "/connz?auth=1&acc=APP"},
		{file: "latest.a1.connz__state=any__auth=1__sort=uptime.json", target: "/connz?state=any&auth=1&sort=uptime"},
		{file: "latest.a1.connz__state=closed__auth=1.json", target: "/connz?state=closed&auth=1"},
		{file: "latest.a1.connz__state=closed__sort=stop.json", target: "/connz?state=closed&sort=stop"},
		{file: "latest.a1.connz__subs=1.json", target: "/connz?subs=1"},
		{file: "latest.a1.connz__subs=detail__auth=1.json", target: "/connz?subs=detail&auth=1"},
		{file: "latest.op1.connz__auth=1.json", target: "/connz?auth=1"},
		{file: "latest.op1.connz__state=closed__auth=1.json", target: "/connz?state=closed&auth=1"},
		{file: "2.9.10.s1.connz.json", target: "/connz"},
	} {
		t.Run(tt.target+" "+tt.file, func(t *testing.T) {
			t.Parallel()
			from := tt.from
			if from == nil {
				from = []string{tt.file}
			}
			f := universe(t, from...)
			c := newCollector(f)
			now := decodeCapture[Connz](t, tt.file).Now
			c.now = func() time.Time { return now }
			w := get(t, Handler(c, ""), "GET", tt.target)
			if diff := cmp.Diff(string(capture(t, tt.file)), w.Body.String()); w.Code != 200 || diff != "" {
				t.Errorf("status %d, body (-nats-server +natsd):\n%s", w.Code, diff)
			}
		})
	}
}

// TestOthersAsCaptured does the same for the other endpoints.
func TestOthersAsCaptured(t *testing.T) {
	t.Parallel()
	stats := status.IndexStats{
		Subs: 87, Cached: 23, Inserts: 91, Removes: 4, Matches: 102, Hits: 42, MaxFanout: 1, FanoutSum: 20, FanoutCount: 23,
	}
	accounts := func(t *testing.T, f *fakeSource) {
		f.accounts = nil
		for _, a := range decodeCapture[Accstatz](t, "latest.s1.accstatz__unused=1.json").Accounts {
			f.accounts = append(f.accounts, status.AccountDetail{Account: status.Account{
				Name: a.Account, Tag: a.Name, Clients: a.Conns, Leafnodes: a.Leafnodes, Subs: a.NumSubs,
				Sent: a.Sent, Received: a.Received, SlowConsumers: a.SlowConsumers,
			}})
		}
	}
	for _, tt := range []struct {
		file, target string
		prepare      func(t *testing.T, f *fakeSource)
	}{
		{"latest.s1.routez.json", "/routez?subs=detail", nil},
		{"latest.s1.gatewayz.json", "/gatewayz?accs=1&gw_name=X", nil},
		{"latest.s1.leafz.json", "/leafz?subs=1", nil},
		{"latest.b1.jsz.json", "/jsz?accounts=true&consumers=1&config=true", nil},
		{"latest.s1.ipqueuesz.json", "/ipqueuesz?all=1&queues=x", nil},
		{"latest.s1.subsz.json", "/subsz", func(_ *testing.T, f *fakeSource) { f.stats = stats }},
		{"latest.s1.subsz__subs=1.json", "/subsz?subs=1", func(t *testing.T, f *fakeSource) {
			f.stats, f.subs = stats, decodeCapture[Subsz](t, "latest.s1.subsz__subs=1.json").Subs
		}},
		{"latest.s1.subsz__subs=1__test=orders.1.json", "/subsz?subs=1&test=orders.1", func(t *testing.T, f *fakeSource) {
			f.stats, f.subs = stats, decodeCapture[Subsz](t, "latest.s1.subsz__subs=1.json").Subs
		}},
		{"latest.s1.subsz__subs=1__acc=NOPE.json", "/subscriptionsz?subs=1&acc=NOPE", func(t *testing.T, f *fakeSource) { f.stats = stats }},
		{"latest.s1.accountz.json", "/accountz", nil},
		{"latest.s1.accountz__acc=G.json", "/accountz?acc=$G", func(t *testing.T, f *fakeSource) {
			d := decodeCapture[Accountz](t, "latest.s1.accountz__acc=G.json").Detail
			f.accounts = []status.AccountDetail{{
				Account: status.Account{Name: d.Name, Tag: d.NameTag, Clients: d.ClientConns, Leafnodes: d.LeafnodeConns, Subs: d.Subs},
				Updated: d.Updated, Complete: d.Complete, JetStream: d.JetStream, Imports: d.Imports,
				Index: status.IndexStats{Subs: 25, Cached: 2, Inserts: 29, Removes: 4, Matches: 48, Hits: 9, MaxFanout: 1, FanoutSum: 2, FanoutCount: 2},
			}}
		}},
		{"latest.s1.accstatz.json", "/accstatz", accounts},
		{"latest.s1.accstatz__unused=1.json", "/accstatz?unused=1", accounts},
	} {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			if tt.prepare != nil {
				tt.prepare(t, f)
			}
			var head struct {
				ID  string    `json:"server_id"`
				Now time.Time `json:"now"`
			}
			want := capture(t, tt.file)
			if err := json.Unmarshal(want, &head); err != nil {
				t.Fatal(err)
			}
			f.server.ID = head.ID
			c := newCollector(f)
			c.now = func() time.Time { return head.Now }
			w := get(t, Handler(c, ""), "GET", tt.target)
			if diff := cmp.Diff(string(want), w.Body.String()); w.Code != 200 || diff != "" {
				t.Errorf("status %d, body (-nats-server +natsd):\n%s", w.Code, diff)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
				t.Errorf("Access-Control-Allow-Origin %q", got)
			}
		})
	}
}
