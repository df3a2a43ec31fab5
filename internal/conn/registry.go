package conn

import (
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/broker"
	"natsd/internal/event"
	"natsd/internal/status"
)

const (
	shards = 64

	// closedSubs is how many subscriptions a closed connection is remembered with.
	closedSubs = 64
)

// Registry holds the open connections of one kind of a server and remembers closed ones. It is safe for
// concurrent use.
type Registry struct {
	Closed *status.Ring
	Events *event.Hub // is told of connections; nil is nobody

	// Totals over all connections since the start; they never decrease.
	In, Out       broker.Volume
	Total         atomic.Uint64
	Stalls        atomic.Int64
	SlowConsumers atomic.Uint64
	Stale         atomic.Uint64
	closed        [len(texts)]atomic.Uint64 // by reason
	refused       [len(texts)]atomic.Uint64 // those among them that nobody let in

	open   atomic.Int64
	last   *atomic.Uint64 // id given last
	shards [shards]shard
}

type shard struct {
	mu    sync.RWMutex // a leaf
	conns map[uint64]*Conn
}

// NewRegistry returns an empty registry that remembers closed connections and tells events, if that is
// not nil, what happens to connections.
func NewRegistry(closed int, events *event.Hub) *Registry {
	return newRegistry(closed, events, new(atomic.Uint64))
}

// Beside returns an empty registry for another kind of connections, whose ids come from the same counter.
func (r *Registry) Beside(closed int, events *event.Hub) *Registry {
	return newRegistry(closed, events, r.last)
}

func newRegistry(closed int, events *event.Hub, last *atomic.Uint64) *Registry {
	r := &Registry{Closed: status.NewRing(closed), Events: events, last: last}
	for i := range r.shards {
		r.shards[i].conns = make(map[uint64]*Conn)
	}
	return r
}

func (r *Registry) nextID() uint64 { return r.last.Add(1) }

func (r *Registry) shard(id uint64) *shard { return &r.shards[id%shards] }

func (r *Registry) add(c *Conn) {
	s := r.shard(c.ID)
	s.mu.Lock()
	s.conns[c.ID] = c
	s.mu.Unlock()
	r.open.Add(1)
	r.Total.Add(1)
}

// remove takes c out, remembers it with its reason and returns what is remembered.
func (r *Registry) remove(c *Conn, why Reason) *status.Closed {
	s := r.shard(c.ID)
	s.mu.Lock()
	delete(s.conns, c.ID)
	s.mu.Unlock()
	f := c.Facts()
	r.closed[why].Add(1)
	if f.Account == "" && why.refuses() {
		r.refused[why].Add(1)
	}
	r.open.Add(-1)
	switch why {
	case SlowConsumerPendingBytes, SlowConsumerWriteDeadline:
		r.SlowConsumers.Add(1)
	case StaleConnection:
		r.Stale.Add(1)
	}
	subs := c.session.Subscriptions(closedSubs)
	for i := range subs {
		subs[i].Account, subs[i].AccountTag = f.Account, f.AccountTag
	}
	closed := &status.Closed{Conn: c.Status(), Stop: time.Now(), Reason: why.String(), Subscriptions: subs}
	r.Closed.Add(closed)
	return closed
}

// ClosedBy counts the connections that have ended, by the text of their reason.
func (r *Registry) ClosedBy() map[string]uint64 { return byText(&r.closed) }

// RefusedBy counts those among them that were never let in, because of what they showed or did not show.
func (r *Registry) RefusedBy() map[string]uint64 { return byText(&r.refused) }

func byText(counts *[len(texts)]atomic.Uint64) map[string]uint64 {
	m := make(map[string]uint64)
	for why := range counts {
		if n := counts[why].Load(); n > 0 {
			m[Reason(why).String()] = n
		}
	}
	return m
}

// Len is the number of open connections.
func (r *Registry) Len() int { return int(r.open.Load()) }

// Get returns the open connection with that id, or nil.
func (r *Registry) Get(id uint64) *Conn {
	s := r.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conns[id]
}

// All yields the open connections, in any order. One that comes or goes meanwhile may or may not be among
// them. No lock is held while it yields, and memory is needed for a part of them only.
func (r *Registry) All() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		var some []*Conn
		for i := range r.shards {
			some = r.shards[i].appendTo(some[:0])
			for _, c := range some {
				if !yield(c) {
					return
				}
			}
		}
	}
}

func (s *shard) appendTo(dst []*Conn) []*Conn {
	s.mu.RLock()
	defer s.mu.RUnlock()
	dst = slices.Grow(dst, len(s.conns))
	for _, c := range s.conns {
		dst = append(dst, c)
	}
	return dst
}

// Renew has every connection that has done anything since the last time go on on a new goroutine (see
// [Conn.Renew]) and returns how many these are.
func (r *Registry) Renew() int {
	n := 0
	for c := range r.All() {
		if c.Renew() {
			n++
		}
	}
	return n
}

// Status returns the facts and counters of the connection as they are now.
func (c *Conn) Status() status.Conn {
	n := &c.Counters
	return status.Conn{
		Facts: c.Facts(),
		Traffic: status.Traffic{
			InMsgs: n.InMsgs.Load(), InBytes: n.InBytes.Load(),
			OutMsgs: c.Out.Msgs.Load(), OutBytes: c.Out.Bytes.Load(),
		},
		Stalls:       n.Stalls.Load(),
		Pending:      int64(c.Out.Pending()),
		Subs:         int(n.Subs.Load()),
		RTT:          time.Duration(n.RTT.Load()),
		LastActivity: n.LastActivity.Load(),
	}
}
