package monitor

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"pgregory.net/rapid"

	"natsd/internal/status"
)

// before tells, straight from the documentation, whether a may stand before b.
var before = map[string]func(a, b *ConnInfo) bool{
	"":           func(a, b *ConnInfo) bool { return a.CID < b.CID },
	"cid":        func(a, b *ConnInfo) bool { return a.CID < b.CID },
	"start":      func(a, b *ConnInfo) bool { return a.CID < b.CID },
	"subs":       func(a, b *ConnInfo) bool { return a.NumSubs >= b.NumSubs },
	"pending":    func(a, b *ConnInfo) bool { return a.Pending >= b.Pending },
	"msgs_to":    func(a, b *ConnInfo) bool { return a.OutMsgs >= b.OutMsgs },
	"msgs_from":  func(a, b *ConnInfo) bool { return a.InMsgs >= b.InMsgs },
	"bytes_to":   func(a, b *ConnInfo) bool { return a.OutBytes >= b.OutBytes },
	"bytes_from": func(a, b *ConnInfo) bool { return a.InBytes >= b.InBytes },
	"last":       func(a, b *ConnInfo) bool { return !a.LastActivity.Before(b.LastActivity) },
	"idle":       func(a, b *ConnInfo) bool { return idleOf(a) >= idleOf(b) },
	"uptime":     func(a, b *ConnInfo) bool { return endOf(a).Sub(a.Start) <= endOf(b).Sub(b.Start) },
	"rtt":        func(a, b *ConnInfo) bool { return rttOf(a) >= rttOf(b) },
	"stop":       func(a, b *ConnInfo) bool { return !a.Stop.Before(*b.Stop) },
	"reason":     func(a, b *ConnInfo) bool { return a.Reason <= b.Reason },
}

func endOf(i *ConnInfo) time.Time {
	if i.Stop != nil {
		return *i.Stop
	}
	return testNow
}

// idleOf is never negative, whatever the clocks did.
func idleOf(i *ConnInfo) time.Duration { return max(endOf(i).Sub(i.LastActivity), 0) }

func rttOf(i *ConnInfo) time.Duration {
	d, err := time.ParseDuration(i.RTT)
	if err != nil {
		panic(err)
	}
	return d
}

func TestSortOptionsAreTested(t *testing.T) {
	t.Parallel()
	for _, name := range SortOptions() {
		if before[name] == nil {
			t.Errorf("%s has no rule in the test", name)
		}
	}
}

// TestSortProperty draws rows with many equal values and checks order, ties and paging of each option.
func TestSortProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src := newFake()
		small := rapid.Int64Range(0, 3)
		draw := func(cid uint64) status.Conn {
			start := testNow.Add(-time.Duration(small.Draw(t, "age")+3) * time.Second)
			return status.Conn{
				Facts: &status.Facts{CID: cid, Start: start, Account: "$G"},
				Traffic: status.Traffic{
					InMsgs: small.Draw(t, "n"), InBytes: small.Draw(t, "n"), OutMsgs: small.Draw(t, "n"), OutBytes: small.Draw(t, "n"),
				},
				Pending: small.Draw(t, "n"), Subs: int(small.Draw(t, "n")),
				RTT:          time.Duration(small.Draw(t, "n")) * time.Microsecond,
				LastActivity: start.Add(time.Duration(small.Draw(t, "n")) * time.Second).UnixNano(),
			}
		}
		n := rapid.IntRange(0, 12).Draw(t, "rows")
		for _, cid := range rapid.Permutation(sequence(n)).Draw(t, "cids") {
			row := draw(cid)
			if rapid.Bool().Draw(t, "closed") {
				stop := testNow.Add(-time.Duration(small.Draw(t, "stop")) * time.Second)
				reason := rapid.SampledFrom([]string{"Client Closed", "Kicked", "Stale Connection"}).Draw(t, "reason")
				src.closed = append(src.closed, &status.Closed{Conn: row, Stop: stop, Reason: reason})
			} else {
				src.open = append(src.open, row)
			}
		}
		c := newCollector(src)
		for _, name := range append(SortOptions(), "") {
			ok := before[name]
			for _, state := range []ConnState{ConnOpen, ConnClosed, ConnAll} {
				q := ConnzQuery{Sort: name, State: state}
				all, err := c.Connz(q)
				if (name == "stop" || name == "reason") && state != ConnClosed {
					if err == nil {
						t.Fatalf("sort %s of state %d is not refused", name, state)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				for i := 1; i < len(all.Connections); i++ {
					a, b := all.Connections[i-1], all.Connections[i]
					if !ok(a, b) || ok(b, a) && ok(a, b) && a.CID > b.CID {
						t.Fatalf("sort %q: %+v before %+v", name, a, b)
					}
				}
				q.Limit = rapid.IntRange(1, 4).Draw(t, "limit")
				var paged []*ConnInfo
				for q.Offset = 0; q.Offset < n; q.Offset += q.Limit {
					page, err := c.Connz(q)
					if err != nil {
						t.Fatal(err)
					}
					paged = append(paged, page.Connections...)
				}
				if len(paged) != len(all.Connections) {
					t.Fatalf("sort %q: pages have %d rows of %d", name, len(paged), len(all.Connections))
				}
				for i := range paged {
					if paged[i].CID != all.Connections[i].CID {
						t.Fatalf("sort %q: pages differ from the whole at %d", name, i)
					}
				}
			}
		}
	})
}

func sequence(n int) []uint64 {
	s := make([]uint64, n)
	for i := range s {
		s[i] = uint64(i + 1)
	}
	return s
}

// BenchmarkConnz asks over HTTP, with the default page of 1024 and with all rows.
func BenchmarkConnz(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		src := newFake()
		src.open = fakeConns(n)
		h := Handler(newCollector(src), "")
		for _, query := range []string{"", "sort=bytes_to", "sort=idle&limit=10", fmt.Sprintf("limit=%d", n)} {
			b.Run(fmt.Sprintf("%d/%s", n, query), func(b *testing.B) {
				b.ReportAllocs()
				r := httptest.NewRequest("GET", "/connz?"+query, nil)
				for b.Loop() {
					h.ServeHTTP(httptest.NewRecorder(), r)
				}
			})
		}
	}
}
