package metrics

import (
	"context"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/config"
	"natsd/internal/monitor"
	"natsd/internal/status"
	"natsd/internal/task"
)

// quiet is a server of which only the counters matter.
type quiet struct {
	mu       sync.Mutex
	counters status.Counters
}

func (q *quiet) Counters() status.Counters {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counters
}

// work is one step of traffic.
func (q *quiet) work() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.counters.Traffic.InMsgs += 50
	q.counters.Traffic.InBytes += 5000
	q.counters.Connections++
}

func (q *quiet) Server() status.Server                        { return status.Server{} }
func (*quiet) AppendRoutes(dst []status.Route) []status.Route { return dst }

func (q *quiet) Conns() iter.Seq[status.Conn]                       { return func(func(status.Conn) bool) {} }
func (q *quiet) AppendClosed(dst []*status.Closed) []*status.Closed { return dst }
func (q *quiet) ConnSubs(uint64) iter.Seq[status.Sub]               { return func(func(status.Sub) bool) {} }
func (q *quiet) Accounts() []status.Account                         { return nil }
func (q *quiet) HasAccount(string) bool                             { return false }
func (q *quiet) Account(string) (a status.AccountDetail, ok bool)   { return a, false }
func (q *quiet) IndexStats(string) status.IndexStats                { return status.IndexStats{} }
func (q *quiet) Subs(string) iter.Seq[status.Sub]                   { return func(func(status.Sub) bool) {} }
func (q *quiet) NotReady() []string                                 { return nil }

// An hour and a half passes, with 10 messages of 100 bytes in each second and a connection more in each
// step.
func TestHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &quiet{}
		h := NewHistory(q, monitor.New(q, func() *config.Options { return &config.Options{} }))
		tasks := task.New(t.Context(), nil)
		defer tasks.Wait()
		defer tasks.Stop()
		tasks.Go("history", h.Run)
		synctest.Wait()
		if got := h.Points(HistoryMetrics(), time.Hour, 0); len(got) != 0 {
			t.Errorf("%d points at the beginning", len(got))
		}
		const steps = 90 * 60 / 5
		for range steps {
			q.work()
			time.Sleep(HistoryStep)
			synctest.Wait()
		}
		for _, tt := range []struct {
			window, step time.Duration
			points       int
			lastConns    float64
		}{
			{time.Hour, 0, 720, steps},
			{time.Hour, time.Minute, 60, steps - 5.5},
			{2 * time.Hour, HistoryStep, 720, steps},
			{time.Minute, 5 * time.Second, 12, steps},
			{time.Minute, 7 * time.Second, 6, steps - 0.5},
			{7 * time.Minute, 4 * time.Minute, 1, steps - 23.5},
			{0, 0, 0, 0},
		} {
			got := h.Points([]string{Msgs, Bytes, Conns}, tt.window, tt.step)
			if len(got) != tt.points {
				t.Errorf("%v in steps of %v: %d points, want %d", tt.window, tt.step, len(got), tt.points)
				continue
			}
			if len(got) == 0 {
				continue
			}
			last := got[len(got)-1]
			if !last.Time.Equal(time.Now()) || len(last.Values) != 5 {
				t.Errorf("%v in steps of %v: %+v", tt.window, tt.step, last)
			}
			for name, want := range map[string]float64{"in_msgs": 10, "in_bytes": 1000, "out_msgs": 0, "conns": tt.lastConns} {
				if v := last.Values[name]; v != want {
					t.Errorf("%v in steps of %v: %s is %v, want %v", tt.window, tt.step, name, v, want)
				}
			}
		}
	})
}

// A look at the server takes no memory once there is a ring.
func TestLookIsCheap(t *testing.T) {
	q := &quiet{}
	h := NewHistory(q, monitor.New(q, func() *config.Options { return &config.Options{} }))
	for range historySize {
		h.look(time.Now())
	}
	if size := len(h.ring); size != historySize {
		t.Errorf("%d samples", size)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.Run(ctx)
	if size := len(h.ring); size != historySize {
		t.Errorf("%d samples after one more", size)
	}
}
