package outbound

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"natsd/internal/buffer"
)

// sink takes at most limit bytes per call.
type sink struct {
	got   bytes.Buffer
	limit int
	calls int
	err   error
}

func (s *sink) send(v [][]byte) (int, error) {
	s.calls++
	if s.err != nil {
		return 0, s.err
	}
	room, n := s.limit, 0
	for _, b := range v {
		k := min(room, len(b))
		s.got.Write(b[:k])
		n += k
		room -= k
	}
	return n, nil
}

func put(q *Queue, s string) {
	q.Lock()
	defer q.Unlock()
	q.CommitLocked(append(q.RoomLocked(len(s)), s...))
}

func TestFlushSendsInOrder(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 7, 100, 1 << 20} {
		var q Queue
		var want strings.Builder
		for i := range 500 {
			s := fmt.Sprintf("message %d;", i)
			put(&q, s)
			want.WriteString(s)
			switch i % 50 {
			case 10:
				big := strings.Repeat("x", 10_000)
				q.Lock()
				q.CopyLocked([]byte(big))
				q.Unlock()
				want.WriteString(big)
			case 20:
				body := Share([]byte("shared body"), "\r\n")
				q.Lock()
				q.ShareLocked(body, 0)
				q.ShareLocked(body, 0)
				q.Unlock()
				body.Release()
				want.WriteString(strings.Repeat("shared body\r\n", 2))
			}
		}
		s := &sink{limit: limit}
		left, err := q.Flush(s.send, 1)
		for left && err == nil {
			left, err = q.Resume(s.send, 3)
		}
		if err != nil || s.got.String() != want.String() {
			t.Errorf("limit %d: err %v, %d bytes, want %d", limit, err, s.got.Len(), want.Len())
		}
		if q.Pending() != 0 || q.tail != nil || q.busy || len(q.flight)+len(q.chunks) > 0 {
			t.Errorf("limit %d: queue is not at rest: %d pending", limit, q.Pending())
		}
	}
}

func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	var q Queue
	put(&q, "abc")
	s := &sink{limit: 1}
	if left, _ := q.Flush(s.send, 1); !left {
		t.Fatal("want bytes left")
	}
	put(&q, "def")
	if left, _ := q.Flush(s.send, 1); left || s.calls != 1 {
		t.Errorf("second flush must leave the work to the first writer: left %v, %d calls", left, s.calls)
	}
	s.limit = 100
	if left, _ := q.Resume(s.send, 9); left || s.got.String() != "abcdef" {
		t.Errorf("left %v, got %q", left, s.got.String())
	}
}

func TestErrorClosesQueue(t *testing.T) {
	t.Parallel()
	var q Queue
	put(&q, "abc")
	q.Lock()
	drained := q.DrainedLocked()
	q.Unlock()
	s := &sink{err: errors.New("broken pipe")}
	if left, err := q.Flush(s.send, 2); left || err == nil {
		t.Errorf("left %v, err %v", left, err)
	}
	<-drained
	q.Lock()
	defer q.Unlock()
	if !q.ClosedLocked() || q.PendingLocked() != 0 {
		t.Error("queue must be closed and empty")
	}
}

func TestCloseDiscards(t *testing.T) {
	t.Parallel()
	var q Queue
	put(&q, "abc")
	q.Close()
	s := &sink{limit: 10}
	if left, err := q.Flush(s.send, 1); left || err != nil || s.calls != 0 || q.Pending() != 0 {
		t.Errorf("left %v, err %v, %d calls, %d pending", left, err, s.calls, q.Pending())
	}
}

func TestConcurrentProducers(t *testing.T) {
	t.Parallel()
	const producers, each = 8, 2000
	var q Queue
	s := &sink{limit: 1000}
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				put(&q, fmt.Sprintf("%d:%d;", p, i))
				left, _ := q.Flush(s.send, 2)
				for left {
					left, _ = q.Resume(s.send, 2)
				}
			}
		})
	}
	wg.Wait()
	next := make([]int, producers)
	for m := range strings.SplitSeq(strings.TrimSuffix(s.got.String(), ";"), ";") {
		var p, i int
		if _, err := fmt.Sscanf(m, "%d:%d", &p, &i); err != nil || i != next[p] {
			t.Fatalf("message %q, want number %d of its producer", m, next[p])
		}
		next[p]++
	}
	for p, n := range next {
		if n != each {
			t.Errorf("producer %d: %d messages, want %d", p, n, each)
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	var q Queue
	s := func(v [][]byte) (int, error) {
		n := 0
		for _, b := range v {
			n += len(b)
		}
		return n, nil
	}
	msg := make([]byte, 100)
	body := Share(make([]byte, 2*buffer.Min), "")
	defer body.Release()
	n := testing.AllocsPerRun(1000, func() {
		q.Lock()
		for range 4 {
			q.CommitLocked(append(q.RoomLocked(len(msg)), msg...))
			q.ShareLocked(body, 0)
		}
		q.Unlock()
		if left, err := q.Flush(s, 2); left || err != nil {
			t.Fatal(left, err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocs per flush, want 0", n)
	}
}
