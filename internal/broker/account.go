package broker

import (
	"math"
	"sync"
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

	mu        sync.Mutex // held while the interest changes; taken before the lock of the index
	audiences [numKinds]*audience

	clients   atomic.Int64
	elsewhere atomic.Int64 // client connections at other servers
	retired   atomic.Bool  // closed, for as long as it is not opened again; set under the broker's lock

	// Received and Sent count messages as the server sees them, those of routes included.
	Received, Sent Volume
	// RoutesReceived and RoutesSent are the part of routes.
	RoutesReceived, RoutesSent Volume

	SlowConsumers atomic.Int64
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

// SetElsewhere says how many client connections the account has at other servers. They count for its
// limit. If it has too many then, that is the caller's business.
func (a *Account) SetElsewhere(n int) { a.elsewhere.Store(int64(n)) }

// Elsewhere is the number of client connections at other servers, as far as it is known.
func (a *Account) Elsewhere() int { return int(a.elsewhere.Load()) }

// Join counts a client connection in, unless the account is full or gone.
func (a *Account) Join() bool {
	n := a.clients.Add(1)
	if limit := a.Limits().MaxConnections; n <= 0 || limit >= 0 && n+a.elsewhere.Load() > int64(limit) {
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

// Subscribe adds s to the index. It reports false for an invalid subject, and if s is closed: somebody may
// have ended it before it was there. Observers flush with b; nil is a batch of its own.
func (a *Account) Subscribe(b *Batch, s *Sub) bool {
	if b == nil {
		b = Begin()
		defer b.End(0)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.Closed.Load() || !a.index.Insert(s.Subject, s.Queue, s) {
		return false
	}
	a.changedLocked(b, s, 1)
	return true
}

// Unsubscribe removes s from the index and reports whether it was there. For b see [Account.Subscribe].
func (a *Account) Unsubscribe(b *Batch, s *Sub) bool {
	s.Closed.Store(true)
	if b == nil {
		b = Begin()
		defer b.End(0)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.index.Remove(s.Subject, s.Queue, s) {
		return false
	}
	a.changedLocked(b, s, -1)
	return true
}

// Publish delivers r to every plain subscription that matches its subject and to one member of each
// queue group, and returns the number of deliveries. A link gets one copy for all subscriptions behind
// it, and that counts as one.
func (a *Account) Publish(b *Batch, r *Run) int {
	m := a.match(b, r)
	if len(m.Plain)+len(m.Groups) == 0 {
		return 0
	}
	r.Fan = len(m.Plain) + len(m.Groups)
	to := &reaches[r.From.Kind]
	delivered, base := 0, len(b.copies)
	b.enter()
	for _, s := range m.Plain {
		if s.Link == nil {
			delivered += s.Sink.Deliver(b, s, r)
		} else if to[s.Kind] {
			b.copyTo(base, s.Link).Plain = true
		}
	}
	for i := range m.Groups {
		delivered += b.deliverToGroup(base, &m.Groups[i], r)
	}
	if len(b.copies) > base {
		delivered += b.forward(base, r)
	}
	b.leave(r)
	return delivered
}
