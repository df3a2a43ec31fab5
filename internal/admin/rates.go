package admin

import (
	"context"
	"iter"
	"math"
	"sync"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/status"
	"natsd/internal/task"
)

// How connections are watched for their rates.
const (
	ratePeriod = time.Second
	rateLinger = 30 * time.Second // after the last question
)

// rates watches how fast the counters of connections grow, while somebody asks. A server that nobody
// asks does nothing.
type rates struct {
	conns func() iter.Seq[status.Conn]
	tasks *task.Group

	mu     sync.Mutex // a leaf
	asked  time.Time
	runs   bool
	looked chan struct{}         // closed when a pair of samples has been taken since runs became true
	by     map[uint64]*rateState // by cid; replaced as a whole, its values are immutable
}

// rateState is what is known of one connection.
type rateState struct {
	at      time.Time
	traffic status.Traffic
	rates   api.Rates
	known   bool // there were two samples
}

func newRates(conns func() iter.Seq[status.Conn], tasks *task.Group) *rates {
	return &rates{conns: conns, tasks: tasks}
}

// get returns the rates of all connections as far as they are known. It must not be changed. With wait it
// waits until they are known, which may take a period.
func (m *rates) get(ctx context.Context, wait bool) map[uint64]*rateState {
	m.mu.Lock()
	m.asked = time.Now()
	if !m.runs {
		m.runs, m.looked = true, make(chan struct{})
		m.by = nil
		m.tasks.Go("rates", m.watch)
	}
	looked := m.looked
	m.mu.Unlock()
	if wait {
		select {
		case <-looked:
		case <-ctx.Done():
		case <-m.tasks.Context().Done():
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.by
}

// watch takes samples until nobody has asked for a while.
func (m *rates) watch(ctx context.Context) {
	tick := time.NewTicker(ratePeriod)
	defer tick.Stop()
	by := map[uint64]*rateState{}
	for samples := 1; ; samples++ {
		by = sample(by, m.conns(), time.Now())
		if !m.publish(by, samples) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// publish shows the rates and tells whether to go on.
func (m *rates) publish(by map[uint64]*rateState, samples int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	const pair = 2
	if samples >= pair {
		m.by = by
	}
	if samples == pair {
		close(m.looked)
	}
	m.runs = time.Since(m.asked) < rateLinger || samples < pair
	return m.runs
}

// sample looks at all connections and compares them with what they were before.
func sample(before map[uint64]*rateState, rows iter.Seq[status.Conn], now time.Time) map[uint64]*rateState {
	const least = 64
	after := make(map[uint64]*rateState, len(before))
	var piece []rateState // many at once: there may be very many
	for c := range rows {
		if len(piece) == 0 {
			piece = make([]rateState, max(least, len(before)))
		}
		next := &piece[0]
		piece = piece[1:]
		next.at, next.traffic = now, c.Traffic
		if was := before[c.Facts.CID]; was != nil {
			next.grow(was)
		}
		after[c.Facts.CID] = next
	}
	return after
}

// grow sets the rates from what has come since the sample before.
func (s *rateState) grow(was *rateState) {
	dt := s.at.Sub(was.at).Seconds()
	if dt <= 0 {
		s.rates, s.known = was.rates, was.known
		return
	}
	step := func(before api.Rate, from, to int64) api.Rate {
		now := float64(max(to-from, 0)) / dt
		if !was.known { // a mean of nothing and now would be too low
			return api.Rate{Second: now, Ten: now}
		}
		return api.Rate{
			Second: before.Second + (now-before.Second)*(1-math.Exp(-dt)),
			Ten:    before.Ten + (now-before.Ten)*(1-math.Exp(-dt/10)),
		}
	}
	s.known = true
	a, b := was.traffic, s.traffic
	s.rates = api.Rates{
		InMsgs:   step(was.rates.InMsgs, a.InMsgs, b.InMsgs),
		OutMsgs:  step(was.rates.OutMsgs, a.OutMsgs, b.OutMsgs),
		InBytes:  step(was.rates.InBytes, a.InBytes, b.InBytes),
		OutBytes: step(was.rates.OutBytes, a.OutBytes, b.OutBytes),
	}
}
