package client

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"
)

// scale returns the short or, with NATSD_SOAK=1, the long form of a number.
func scale(short, long int) int {
	if os.Getenv("NATSD_SOAK") == "1" {
		return long
	}
	return short
}

// collect subscribes and reports on the channel when every publisher's n messages came, in order
// and none twice.
func collect(t *testing.T, nc *nats.Conn, subject string, publishers, n int) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	next := make([]uint32, publishers)
	left := publishers * n
	sub, err := nc.Subscribe(subject, func(m *nats.Msg) {
		if left == 0 {
			return
		}
		from, seq := binary.BigEndian.Uint32(m.Data), binary.BigEndian.Uint32(m.Data[4:])
		if seq != next[from] {
			left = 0
			done <- fmt.Errorf("publisher %d: message %d came where %d was due", from, seq, next[from])
			return
		}
		next[from]++
		if left--; left == 0 {
			done <- nil
		}
	})
	check(t, err)
	check(t, sub.SetPendingLimits(-1, -1))
	check(t, nc.Flush())
	return done
}

// send publishes n numbered messages.
func send(nc *nats.Conn, subject string, from, n, size int) error {
	data := make([]byte, size)
	binary.BigEndian.PutUint32(data, uint32(from))
	for i := range n {
		binary.BigEndian.PutUint32(data[4:], uint32(i))
		if err := nc.Publish(subject, data); err != nil {
			return err
		}
	}
	return nc.Flush()
}

func finish(t *testing.T, what string, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		check(t, err)
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s: messages are missing", what)
	}
}

// TestOrdered sends a million messages (100,000 in the short form) from one client to another.
func TestOrdered(t *testing.T) {
	t.Parallel()
	n := scale(100_000, 1_000_000)
	s := start(t, "")
	done := collect(t, dial(t, s), "o", 1, n)
	began := time.Now()
	check(t, send(dial(t, s), "o", 0, n, 16))
	finish(t, "ordered", done)
	took := time.Since(began)
	t.Logf("%d messages in %v (%.0f/s)", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
}

// TestOrderedMany lets ten publishers send to ten subscribers: each sees each publisher's messages
// in order.
func TestOrderedMany(t *testing.T) {
	t.Parallel()
	const clients = 10
	n := scale(2_000, 50_000)
	// This is about order: on a small machine the subscribers may be far behind.
	s := start(t, "max_pending: 1GB")
	var done []<-chan error
	for range clients {
		done = append(done, collect(t, dial(t, s), "many.*", clients, n))
	}
	var g errgroup.Group
	for i := range clients {
		nc := dial(t, s)
		g.Go(func() error { return send(nc, fmt.Sprintf("many.%d", i), i, n, 64+i*100) })
	}
	check(t, g.Wait())
	for i := range clients {
		finish(t, fmt.Sprintf("subscriber %d", i), done[i])
	}
}
