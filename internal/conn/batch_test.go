package conn

import (
	"context"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"natsd/internal/broker"
	"natsd/internal/status"
	"natsd/internal/task"
)

// reader is a transport that has read something already.
type reader struct {
	reads []read
	write chan int // how many bytes have been sent at a time
}

type read struct {
	text string
	more bool
}

func (r *reader) Receive(consume func([]byte, bool) error) error {
	for _, one := range r.reads {
		if err := consume([]byte(one.text), one.more); err != nil {
			return err
		}
	}
	return io.EOF
}

func (r *reader) Write(v [][]byte, _ bool) (n int, _ error) {
	for _, p := range v {
		n += len(p)
	}
	r.write <- n
	return n, nil
}

func (*reader) SetWriteDeadline(time.Time) error { return nil }
func (*reader) Close() error                     { return nil }

// repeater is a session that answers each byte with many.
type repeater struct {
	c     *Conn
	times int
}

func (r *repeater) Consume(b *broker.Batch, p []byte) Reason {
	r.c.Out.Lock()
	if r.c.Out.MarkLocked() {
		b.Touch(r.c)
	}
	r.c.Out.CopyLocked(make([]byte, len(p)*r.times))
	r.c.Out.Unlock()
	b.Sent(1, len(p)*r.times)
	b.Taken()
	if p[0] == '!' {
		return ProtocolViolation
	}
	return Open
}

func (*repeater) Greet(context.Context) Reason   { return Open }
func (*repeater) Farewell(Reason)                {}
func (*repeater) Closed(Reason)                  {}
func (*repeater) Subscriptions(int) []status.Sub { return nil }

// Reads that follow each other at once and bring little are flushed together; nothing stays behind when the
// socket is empty, when much has come, when the connection ends.
func TestReadsAreFlushedTogether(t *testing.T) {
	t.Parallel()
	const kilo = 1 << 10
	for name, tt := range map[string]struct {
		times int
		reads []read
		want  []int
	}{
		"one by one":        {1, []read{{"a", false}, {"bc", false}}, []int{1, 2}},
		"together":          {1, []read{{"a", true}, {"bc", true}, {"d", false}, {"e", false}}, []int{4, 1}},
		"until it is empty": {1, []read{{"a", true}, {"", false}, {"b", false}}, []int{1, 1}},
		"not for ever":      {1, []read{{"a", true}, {"b", true}, {"c", true}, {"d", true}, {"e", true}, {"f", false}}, []int{4, 2}},
		"not much":          {20 * kilo, []read{{"a", true}, {"b", true}, {"c", false}}, []int{40 * kilo, 20 * kilo}},
		"not a lot":         {64 * kilo, []read{{"a", true}, {"", false}, {"b", true}, {"c", false}}, []int{64 * kilo, 64 * kilo, 64 * kilo}},
		"before it ends":    {1, []read{{"a", true}, {"!", true}}, []int{2}},
		"at the end":        {1, []read{{"a", true}}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sock, other := net.Pipe()
			defer other.Close()
			tasks := task.New(t.Context(), nil)
			c := New(sock, NewRegistry(1, nil), tasks, func() *Settings { return &Settings{WriteDeadline: time.Minute} })
			transport := &reader{tt.reads, make(chan int, 100)}
			c.SetTransport(transport)
			c.Start(&repeater{c, tt.times}, &status.Facts{Start: time.Now()})
			c.Serve(t.Context())
			tasks.Wait()
			close(transport.write)
			var got []int
			for n := range transport.write {
				got = append(got, n)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("wrote %d, want %d", got, tt.want)
			}
		})
	}
}
