package monitor

import (
	"iter"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/status"
)

// fakeSource is a server made of tables.
type fakeSource struct {
	server   status.Server
	counters status.Counters
	open     []status.Conn
	routes   []status.Route
	closed   []*status.Closed
	connSubs map[uint64][]status.Sub
	accounts []status.AccountDetail
	stats    status.IndexStats
	subs     []status.Sub
	notReady []string
}

func (f *fakeSource) Server() status.Server        { return f.server }
func (f *fakeSource) Counters() status.Counters    { return f.counters }
func (f *fakeSource) Conns() iter.Seq[status.Conn] { return slices.Values(f.open) }

func (f *fakeSource) AppendRoutes(dst []status.Route) []status.Route { return append(dst, f.routes...) }

func (f *fakeSource) AppendClosed(d []*status.Closed) []*status.Closed { return append(d, f.closed...) }

func (f *fakeSource) ConnSubs(cid uint64) iter.Seq[status.Sub] { return slices.Values(f.connSubs[cid]) }
func (f *fakeSource) NotReady() []string                       { return f.notReady }

func (f *fakeSource) Accounts() []status.Account {
	var out []status.Account
	for _, a := range f.accounts {
		out = append(out, a.Account)
	}
	return out
}

func (f *fakeSource) HasAccount(name string) bool {
	_, ok := f.Account(name)
	return ok
}

func (f *fakeSource) Account(name string) (status.AccountDetail, bool) {
	i := slices.IndexFunc(f.accounts, func(a status.AccountDetail) bool { return a.Name == name })
	if i < 0 {
		return status.AccountDetail{}, false
	}
	return f.accounts[i], true
}

func (f *fakeSource) IndexStats(account string) status.IndexStats {
	if account != "" && !f.HasAccount(account) {
		return status.IndexStats{}
	}
	return f.stats
}

func (f *fakeSource) Subs(account string) iter.Seq[status.Sub] {
	return func(yield func(status.Sub) bool) {
		for _, s := range f.subs {
			if (account == "" || s.Account == account) && !yield(s) {
				return
			}
		}
	}
}

var testNow = time.Date(2026, 11, 22, 11, 4, 42, 953018869, time.UTC)

// testOptions are those of a plain server with its defaults.
func testOptions() *config.Options {
	return &config.Options{
		Host: "127.0.0.1",
		Limits: config.Limits{
			MaxConnections: 65536, MaxControlLine: 4096, MaxPayload: 1 << 20, MaxPending: 64 << 20,
			PingInterval: 2 * time.Minute, PingMax: 2, WriteDeadline: 10 * time.Second, WriteTimeout: "default",
		},
		Authorization: config.Authorization{Timeout: 2 * time.Second},
		Monitoring:    config.Monitoring{HTTPPort: -1},
		SystemAccount: "$SYS",
	}
}

// newFake is a server without connections and accounts $G and $SYS.
func newFake() *fakeSource {
	return &fakeSource{
		server: status.Server{
			ID: "NAKQDZ7FWWOIFHFPNXCWPBD2OK4BB7IBQXKK7SK67QKRPEHOQD4FHV66", Name: "s1",
			Version: "2.14.5-natsd.0.1.0", NatsdVersion: "0.1.0", Started: testNow.Add(-5 * time.Second),
			ConfigLoaded: testNow.Add(-5 * time.Second), Port: 4222, HTTPPort: 8222, SystemAccount: "$SYS",
		},
		accounts: []status.AccountDetail{
			{Account: status.Account{Name: "$SYS", Tag: "$SYS"}, System: true},
			{Account: status.Account{Name: "$G", Tag: "$G"}},
		},
	}
}

func newCollector(f *fakeSource) *Collector {
	c := New(f, testOptions)
	c.now = func() time.Time { return testNow }
	return c
}

// get asks a handler.
func get(t testing.TB, h http.Handler, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// fakeConns makes n open connections with different numbers.
func fakeConns(n int) []status.Conn {
	rows := make([]status.Conn, n)
	for i := range rows {
		cid := uint64(i + 5)
		rows[i] = status.Conn{
			Facts: &status.Facts{
				CID: cid, Type: status.TypeNATS, Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 40000),
				Start: testNow.Add(-time.Duration(i*7919%n) * time.Second), Name: "bench", Lang: "go", Version: "1.55.0",
				User: "alice", Account: "$G", AccountTag: "$G",
			},
			Traffic:      status.Traffic{InMsgs: int64(i * 31 % 997), InBytes: int64(i * 17 % 9973), OutMsgs: int64(i * 13 % 1009), OutBytes: int64(i * 7 % 10007)},
			Subs:         i % 100,
			RTT:          time.Duration(i%1000) * time.Microsecond,
			LastActivity: testNow.Add(-time.Duration(i*104729%n) * time.Millisecond).UnixNano(),
		}
	}
	return rows
}
