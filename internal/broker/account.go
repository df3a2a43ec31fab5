package broker

import (
	"math"
	"sync/atomic"

	"natsd/internal/config"
	"natsd/internal/interest"
)

// Account is a space of subjects of its own: messages and interest of one account are invisible to
// all others. It lives until it is closed and the last client has left it.
type Account struct {
	Name string

	broker *Broker
	index  *interest.Index[*Sub]
	limits atomic.Pointer[config.AccountLimits]

	clients atomic.Int64
	retired atomic.Bool // closed, for as long as it is not opened again; set under the broker's lock

	// Received and Sent count messages of clients, as the server sees them.
	Received, Sent Volume
	SlowConsumers  atomic.Int64
}

// Volume counts messages and their bytes. Writers add once per batch.
type Volume struct {
	Msgs, Bytes atomic.Int64
}

// Add adds to both counts.
func (v *Volume) Add(msgs, bytes int) {
	if msgs != 0 {
		v.Msgs.Add(int64(msgs))
		v.Bytes.Add(int64(bytes))
	}
}

var unlimited = config.AccountLimits{MaxConnections: -1, MaxSubscriptions: -1, MaxPayload: -1, MaxLeafnodes: -1}

func newAccount(name string, b *Broker) *Account {
	a := &Account{Name: name, broker: b, index: interest.New[*Sub]()}
	a.limits.Store(&unlimited)
	return a
}

// Limits returns the limits that hold now; they must not be changed.
func (a *Account) Limits() *config.AccountLimits { return a.limits.Load() }

// SetLimits replaces the limits; nil takes them away. Connections that are over a new limit are the
// caller's business.
func (a *Account) SetLimits(l *config.AccountLimits) {
	if l == nil {
		l = &unlimited
	}
	a.limits.Store(l)
}

// gone is the number of clients of an account that the broker has forgotten: no late Join makes it
// positive.
const gone = math.MinInt64 / 2

// Clients is the number of client connections that have joined.
func (a *Account) Clients() int { return int(max(a.clients.Load(), 0)) }

// Gone tells that the broker has forgotten the account. There may be a new one of that name.
func (a *Account) Gone() bool { return a.clients.Load() < 0 }

// Join counts a client connection in, unless the account is full or gone.
func (a *Account) Join() bool {
	n := a.clients.Add(1)
	if limit := a.Limits().MaxConnections; n <= 0 || limit >= 0 && n > int64(limit) {
		a.Leave()
		return false
	}
	return true
}

// Leave undoes a successful Join.
func (a *Account) Leave() {
	if a.clients.Add(-1) == 0 && a.retired.Load() {
		a.broker.left(a)
	}
}

// Index is the subscription index, for those who look at it; changes go through Subscribe and
// Unsubscribe.
func (a *Account) Index() *interest.Index[*Sub] { return a.index }

// Subscribe adds s to the index. It reports false for an invalid subject.
func (a *Account) Subscribe(s *Sub) bool {
	return a.index.Insert(s.Subject, s.Queue, s)
}

// Unsubscribe removes s from the index and reports whether it was there.
func (a *Account) Unsubscribe(s *Sub) bool {
	s.Closed.Store(true)
	return a.index.Remove(s.Subject, s.Queue, s)
}

// Publish delivers r to every plain subscription that matches its subject and to one member of each
// queue group, and returns the number of deliveries.
func (a *Account) Publish(b *Batch, r *Run) int {
	m := a.match(b, r)
	if len(m.Plain)+len(m.Groups) == 0 {
		return 0
	}
	r.Fan = len(m.Plain) + len(m.Groups)
	delivered := 0
	b.enter()
	for _, s := range m.Plain {
		delivered += s.Sink.Deliver(b, s, r)
	}
	for i := range m.Groups {
		delivered += b.deliverToOne(m.Groups[i].Members, r)
	}
	b.leave(r)
	return delivered
}
