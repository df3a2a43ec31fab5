package client

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"natsd/internal/broker"
	"natsd/internal/buffer"
	"natsd/internal/conn"
)

// Once connections are warm, a message costs no garbage: decoding, permissions, matching, encoding,
// queueing and the hand-over to the transport.
func TestMessagesDoNotAllocate(t *testing.T) { // not parallel: the counter is of the whole process
	const rules = `authorization { users: [
		{user: pub, password: p, permissions: {publish: {allow: ["orders.>", "x.*"], deny: "orders.no.>"}}},
		{user: sub, password: p, permissions: {subscribe: {allow: ["orders.>", "orders.> q"], deny: "orders.new.gone"}}},
		{user: srv, password: p, permissions: {subscribe: "orders.>", allow_responses: true}}] }`
	tests := []struct {
		name, conf, pub string
		subs            []string // what each receiver says
		msg             string
	}{
		{"one to one", "", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n", []string{"SUB orders.new.eu 1\r\n"}, "PUB orders.new.eu 5\r\nhello\r\n"},
		{"wildcard and reply", "", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n", []string{"SUB orders.> 1\r\n"}, "PUB orders.new.eu in.1 5\r\nhello\r\n"},
		{"no responders asked for", "", "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n", []string{"SUB orders.> 1\r\n"}, "PUB orders.new.eu in.1 5\r\nhello\r\n"},
		{"verbose and pedantic", "", "CONNECT {}\r\n", []string{"SUB orders.> 1\r\n"}, "PUB orders.new.eu 5\r\nhello\r\n"},
		{
			"headers", "", "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n",
			[]string{"CONNECT {\"headers\":true}\r\nSUB orders.> 1\r\n", "SUB orders.> 1\r\n"},
			"HPUB orders.new.eu 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
		},
		{"one to ten", "", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n", repeat("SUB orders.* 1\r\nSUB orders.*.eu 2\r\n", 10), "PUB orders.new.eu 5\r\nhello\r\n"},
		{
			"one to ten, shared bodies", "", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n", repeat("SUB orders.*.eu 2\r\n", 10),
			"PUB orders.new.eu 3000\r\n" + strings.Repeat("x", 3000) + "\r\n",
		},
		{"queue group", "", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n", repeat("SUB orders.> q 1\r\n", 5), "PUB orders.new.eu 5\r\nhello\r\n"},
		{
			"bodies shared without their headers", "", "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n", repeat("CONNECT {}\r\nSUB orders.*.eu 2\r\n", 3),
			"HPUB orders.new.eu 12 3012\r\nNATS/1.0\r\n\r\n" + strings.Repeat("x", 3000) + "\r\n",
		},
		{
			"queue groups and plain ones", "", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n", repeat("SUB orders.> q 1\r\nSUB *.*.eu q 2\r\nSUB orders.> r 3\r\nSUB > 4\r\n", 3),
			"PUB orders.new.eu 5\r\nhello\r\n",
		},
		{
			"subjects in turn", "", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n",
			[]string{"SUB orders.*.eu 1\r\n"},
			"PUB orders.new.eu 5\r\nhello\r\nPUB orders.old.eu 5\r\nhello\r\nPUB orders.a.eu in.1 5\r\nhello\r\n",
		},
		{
			"publishers do not wait", "no_fast_producer_stall: true", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n",
			[]string{"SUB orders.> 1\r\n"},
			"PUB orders.new.eu 5\r\nhello\r\n",
		},
		{
			"a small max_pending", "max_payload: 1KB\nmax_pending: 2KB", "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n",
			[]string{"SUB orders.> 1\r\n"},
			"PUB orders.new.eu 100\r\n" + strings.Repeat("x", 100) + "\r\n",
		},
		{
			"permissions", rules, "CONNECT {\"user\":\"pub\",\"pass\":\"p\",\"verbose\":false,\"pedantic\":false}\r\n",
			repeat("CONNECT {\"user\":\"sub\",\"pass\":\"p\"}\r\nSUB orders.> 1\r\nSUB orders.> q 2\r\n", 3), "PUB orders.new.eu 5\r\nhello\r\n",
		},
		{
			"answers", rules, "CONNECT {\"user\":\"pub\",\"pass\":\"p\",\"verbose\":false,\"pedantic\":false}\r\n",
			[]string{"CONNECT {\"user\":\"srv\",\"pass\":\"p\"}\r\nSUB orders.> 1\r\n"},
			"PUB orders.new.eu in.1 5\r\nhello\r\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := build(t, tt.conf)
			receivers := make([]*Session, len(tt.subs))
			for i, say := range tt.subs {
				receivers[i], _ = h.inMemory(t)
				if why := receivers[i].feed(say); why != conn.Open {
					t.Fatal(why)
				}
			}
			s, _ := h.inMemory(t)
			if why := s.feed(tt.pub); why != conn.Open {
				t.Fatal(why)
			}
			messages := min(100, buffer.Max/len(tt.msg)) // what one read brings
			text := []byte(strings.Repeat(tt.msg, messages))
			send := func() {
				b := broker.Begin()
				if why := s.Consume(b, text); why != conn.Open {
					t.Fatal(why)
				}
				b.End(0)
			}
			send()
			n := testing.AllocsPerRun(100, send)
			if n > 0 && !racing {
				t.Errorf("%v allocs for %d messages", n, messages)
			}
			total := int64(0)
			for _, r := range receivers {
				total += r.conn.Status().OutMsgs
			}
			if want := int64(102 * messages); total < want {
				t.Errorf("%d messages were delivered, want at least %d", total, want)
			}
		})
	}
}

func repeat(say string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = say
	}
	return all
}

func BenchmarkPublish(b *testing.B) {
	const (
		plain   = "PUB orders.new.eu 128\r\n"
		request = "PUB orders.new.eu _INBOX.hVXZ0bZ6iJ5wEe5LJ1xJ2p.7c 128\r\n"
		headers = "HPUB orders.new.eu 40 128\r\n"
	)
	for _, bb := range []struct {
		name, line string
		receivers  int
	}{
		{"nobody", plain, 0},
		{"1:1", plain, 1},
		{"1:10", plain, 10},
		{"1:100", plain, 100},
		{"request", request, 1},
		{"headers", headers, 1},
	} {
		b.Run(bb.name, func(b *testing.B) {
			h := build(b, "")
			for range bb.receivers {
				r, _ := h.inMemory(b)
				r.feed("CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n")
				r.mustSubscribe(b, "orders.*.eu", "", "1")
			}
			s, _ := h.inMemory(b)
			s.feed("CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n")
			const messages = 400
			text := []byte(strings.Repeat(bb.line+strings.Repeat("x", 128)+"\r\n", messages))
			b.ReportAllocs()
			for b.Loop() {
				batch := broker.Begin()
				s.Consume(batch, text)
				batch.End(0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages*max(1, bb.receivers)), "ns/delivery")
		})
	}
}

// BenchmarkScatter publishes to many subjects in turn, each with a subscription of its own.
func BenchmarkScatter(b *testing.B) {
	for _, bb := range []struct {
		name, sub, pub string
		subjects       int
	}{
		{"literal", "any.%04d", "any.%04d", 5000}, {"wildcards", "any.%04d.*", "any.%04d.x", 1000}, {"few", "any.%04d", "any.%04d", 100},
	} {
		b.Run(bb.name, func(b *testing.B) {
			h := build(b, "")
			r, _ := h.inMemory(b)
			r.feed("CONNECT {\"verbose\":false,\"pedantic\":false}\r\n")
			for i := range bb.subjects {
				r.mustSubscribe(b, fmt.Sprintf(bb.sub, i), "", strconv.Itoa(i))
			}
			s, _ := h.inMemory(b)
			s.feed("CONNECT {\"verbose\":false,\"pedantic\":false}\r\n")
			const messages, reads = 400, 50
			texts := make([][]byte, reads)
			for i := range texts {
				for range messages {
					texts[i] = fmt.Appendf(texts[i], "PUB "+bb.pub+" 128\r\n%0128d\r\n", rand.IntN(bb.subjects), 0)
				}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				batch := broker.Begin()
				s.Consume(batch, texts[i%reads])
				batch.End(0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages), "ns/delivery")
		})
	}
}

// BenchmarkPublishers publishes from several processors into one account, to a receiver each or all to
// the same: -cpu 2 -mutexprofile shows what they wait for.
func BenchmarkPublishers(b *testing.B) {
	for _, hot := range []bool{false, true} {
		b.Run(map[bool]string{false: "own targets", true: "one target"}[hot], func(b *testing.B) {
			h := build(b, "")
			const messages = 400
			var n atomic.Int64
			target := func() string {
				if hot {
					return "hot.target"
				}
				return fmt.Sprintf("own.target.%d", n.Add(1))
			}
			receive := func(subject string) {
				r, _ := h.inMemory(b)
				r.feed("CONNECT {\"verbose\":false,\"pedantic\":false}\r\n")
				r.mustSubscribe(b, subject, "", "1")
			}
			if hot {
				receive(target())
			}
			var making sync.Mutex
			b.RunParallel(func(p *testing.PB) {
				making.Lock()
				subject := target()
				if !hot {
					receive(subject)
				}
				s, _ := h.inMemory(b)
				s.feed("CONNECT {\"verbose\":false,\"pedantic\":false}\r\n")
				making.Unlock()
				text := []byte(strings.Repeat("PUB "+subject+" 128\r\n"+strings.Repeat("x", 128)+"\r\n", messages))
				for p.Next() {
					batch := broker.Begin()
					s.Consume(batch, text)
					batch.End(0)
				}
			})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages), "ns/delivery")
		})
	}
}
