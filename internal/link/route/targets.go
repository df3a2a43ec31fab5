package route

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/link/peer"
	"natsd/internal/status"
)

// target is a server to dial: one that the configuration or an operator names, or one that another
// server has told of.
type target struct {
	hostPort   string
	user, pass string
	named      atomic.Uint32 // by whom; the configuration may name later what was heard of
	gossip     int           // gossip_mode that came with the news of it
	ctx        context.Context
	cancel     context.CancelFunc

	dials map[string]*dialed // under way, by account; the link's lock guards it

	mu       sync.Mutex // guards what follows; a leaf
	self     bool
	id, name string // of the server, once it is known
	failure  string // of the last try; empty when it was good
	attempts int    // since the last good one
	answered bool   // the last try got as far as a handshake
	next     time.Time
}

// Who names a target.
const (
	byGossip uint32 = iota // another server has told of it
	byOperator
	byConfiguration
)

// explicit tells whether a target is not only known from another server.
func (t *target) explicit() bool { return t.named.Load() != byGossip }

func (t *target) configured() bool { return t.named.Load() == byConfiguration }

// dialed is one connection that is made to a target.
type dialed struct {
	target  *target
	account string      // that it is for; empty for one of the pool
	settled atomic.Bool // no other try is needed
	again   bool        // a connection was lost or news came since the last try began; the link's lock guards it
}

func (t *target) setSelf() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.self = true
}

func (t *target) isSelf() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.self
}

// met notes which server stands behind the target.
func (t *target) met(i *Info) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.id, t.name, t.failure, t.attempts, t.next = i.ServerID, i.ServerName, "", 0, time.Time{}
}

func (t *target) failed(err error, attempt int, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failure, t.attempts, t.next = err.Error(), attempt, next
}

func (t *target) setAnswered(yes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answered = yes
}

func (t *target) answers() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answered
}

// serverID is the server that was last met behind the target.
func (t *target) serverID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.id
}

// newTarget makes a target of a route URL.
func (l *Link) newTarget(u *url.URL) *target {
	t := &target{hostPort: u.Host, user: u.User.Username(), dials: map[string]*dialed{}}
	t.pass, _ = u.User.Password()
	t.ctx, t.cancel = context.WithCancel(l.Tasks.Context())
	return t
}

// want dials a server from now on, under a name of its own among the targets. It reports false if it is
// there already.
func (l *Link) want(t *target) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.targets[t.hostPort] != nil || l.stopped.Load() {
		t.cancel()
		return false
	}
	l.aimLocked(t)
	l.dialLocked(t, "", 0)
	return true
}

// aimLocked makes t one of the targets.
func (l *Link) aimLocked(t *target) {
	l.forgetLostLocked(t.url())
	l.targets[t.hostPort] = t
}

// mostLost bounds how many targets are remembered that were heard of and given up.
const mostLost = 64

// giveUpLocked ends a target that was heard of: that was wrong, or has become so. What came of it stays to be seen.
func (l *Link) giveUpLocked(t *target) {
	delete(l.targets, t.hostPort)
	t.cancel()
	if x := t.view(); x.LastError != "" {
		x.State = TargetGivenUp
		l.lost = append(l.lost, x)
		l.lost = l.lost[max(0, len(l.lost)-mostLost):]
	}
}

// forgetLostLocked forgets what came of a target, and reports whether something was known.
func (l *Link) forgetLostLocked(url string) bool {
	before := len(l.lost)
	l.lost = slices.DeleteFunc(l.lost, func(x Target) bool { return x.URL == url })
	return len(l.lost) < before
}

// redial makes a connection anew that was lost.
func (l *Link) redial(t *target, account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d := t.dials[account]; d != nil {
		d.again = true // it may be about to end, because it has found the one that was lost
		return
	}
	l.redialLocked(t, account)
}

func (l *Link) redialLocked(t *target, account string) {
	if l.targets[t.hostPort] == t {
		l.dialLocked(t, account, peer.Again(t.explicit()))
	}
}

// dialLocked begins to dial, unless that is under way for this account.
func (l *Link) dialLocked(t *target, account string, after time.Duration) {
	switch {
	case t.dials[account] != nil, t.ctx.Err() != nil, l.stopped.Load(), t.isSelf(),
		account != "" && !l.Settings().isPinned(account):
		return
	}
	d := &dialed{target: t, account: account}
	t.dials[account] = d
	l.Tasks.Go("dial route", func(context.Context) { l.keepDialing(d, after) })
}

// dialedLocked notes that a connection has become a route.
func (l *Link) dialedLocked(d *dialed, p *server, i *Info) {
	t := d.target
	if t.dials[d.account] == d {
		delete(t.dials, d.account)
	}
	d.settled.Store(true)
	if p.target == nil || t.explicit() && !p.target.explicit() {
		p.target = t
	}
	t.met(i)
}

// dialPinned makes the connections for single accounts that are missing, once the first one of the pool has
// shown that the other side has one.
func (l *Link) dialPinned(s *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.peers[s.remote.Load().ServerID]; p != nil && s.slot == 0 {
		l.dialPinnedLocked(p, s.dial.target)
	}
}

func (l *Link) dialPinnedLocked(p *server, t *target) {
	for _, account := range l.Settings().pinned {
		if p.pooled && p.pinned[account] == nil && l.Broker.Account(account) != nil {
			l.dialLocked(t, account, 0)
		}
	}
}

// dialNext makes another connection of the pool.
func (l *Link) dialNext(s *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.peers[s.remote.Load().ServerID]; p != nil && p.free() >= 0 {
		l.dialLocked(s.dial.target, "", 0)
	}
}

// tend makes the connections that are missing beside one that this server has dialed: some may have failed
// while that one did not.
func (l *Link) tend(s *Session) {
	if s.dial == nil || !s.up.Load() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.peers[s.remote.Load().ServerID]
	if p == nil {
		return
	}
	if p.free() >= 0 {
		l.dialLocked(s.dial.target, "", 0)
	}
	l.dialPinnedLocked(p, s.dial.target)
}

var errNoAnswer = errors.New("the other side closed the connection")

// keepDialing dials until there is a connection that has become a route, and serves that to its end.
func (l *Link) keepDialing(d *dialed, after time.Duration) {
	t := d.target
	peer.Try(t.ctx, after, func() peer.Policy { return l.policy(t) }, func(ctx context.Context) error {
		if !l.missing(d) {
			return nil
		}
		return l.dialOnce(ctx, d)
	}, func(err error, attempt int, next time.Time) {
		t.failed(err, attempt, next)
		l.dialFailed(t, err, attempt, next)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.dials[d.account] == d {
		delete(t.dials, d.account)
	}
	if d.again {
		l.redialLocked(t, d.account)
	}
	if !t.explicit() && len(t.dials) == 0 && !l.usedLocked(t) && l.targets[t.hostPort] == t {
		l.giveUpLocked(t)
	}
}

// usedLocked tells whether there are routes that would be dialed again by way of t.
func (l *Link) usedLocked(t *target) bool {
	for _, p := range l.peers {
		if p.target == t {
			return true
		}
		for _, s := range p.pinned {
			if s.dial != nil && s.dial.target == t {
				return true
			}
		}
	}
	return false
}

// answeredRetries is how often a server that this one has heard of is tried again beyond what is configured,
// as long as it answers: two servers that change at the same time turn each other away for a moment.
const answeredRetries = 5

func (l *Link) policy(t *target) peer.Policy {
	set := l.Settings()
	if !set.On() {
		return peer.Policy{}
	}
	p := peer.Policy{Retries: -1, Backoff: set.Cluster.ConnectBackoff}
	if t.explicit() {
		return p
	}
	p.Retries = set.Cluster.ConnectRetries
	if t.answers() {
		p.Retries += answeredRetries
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.peers[t.serverID()] != nil { // it is there: only some connection is missing
		p.Retries = -1
	}
	return p
}

// missing tells whether the connection that is to be made is not there yet.
func (l *Link) missing(d *dialed) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.again = false
	p := l.peers[d.target.serverID()]
	switch {
	case d.target.isSelf():
		return false
	case p == nil:
		return true
	case d.account != "":
		return p.pooled && p.pinned[d.account] == nil
	default:
		if p.free() >= 0 {
			return true
		}
		if p.target == nil || d.target.explicit() && !p.target.explicit() {
			p.target = d.target // who will be dialed when it is lost
		}
		return false
	}
}

// dialOnce makes one connection and serves it. The error says why another try is needed.
func (l *Link) dialOnce(ctx context.Context, d *dialed) error {
	t := d.target
	if l.Tracer.DebugOn() {
		l.Log.Debug("Trying to connect to route on " + t.hostPort)
	}
	sock, err := l.Dial(ctx, t.hostPort)
	t.setAnswered(err == nil)
	switch {
	case errors.Is(err, peer.ErrSelf):
		t.setSelf()
		return nil
	case err != nil:
		return err
	}
	s := l.serve(l.Tasks.Context(), sock, d)
	switch {
	case d.settled.Load(), t.isSelf():
		return nil
	case s.conn.Reason() == conn.ClientClosed:
		return errNoAnswer
	default:
		return errors.New(s.conn.Reason().String())
	}
}

// dialFailed tells of a failed try, at first and then every so often.
func (l *Link) dialFailed(t *target, err error, attempt int, next time.Time) {
	o := l.Settings().Options
	every := 1
	if o != nil {
		every = o.ConnectErrorReports
		if t.serverID() != "" {
			every = o.ReconnectErrorReports
		}
	}
	text := fmt.Sprintf("Error trying to connect to route (attempt %d): %v", attempt, err)
	if attempt == 1 || every > 0 && attempt%every == 0 {
		l.Log.Error(text)
	} else if l.Tracer.DebugOn() {
		l.Log.Debug(text)
	}
	l.Registry.Events.Publish(event.Retry{
		Link: status.Router, URL: t.url(), Attempt: attempt, Err: err.Error(), Next: next,
	})
}

// The states of a target.
const (
	TargetConnected  = "connected"
	TargetConnecting = "connecting"
	TargetRetrying   = "retrying"
	TargetSelf       = "self"     // the address is this server's own
	TargetGivenUp    = "given_up" // another server has told of it, and it is not dialed any more
)

// Target is the state of a server that is dialed.
type Target struct {
	URL         string // without user and password
	Configured  bool   // by the configuration; others were added by an operator or heard of
	Runtime     bool   // added by an operator
	State       string // one of the Target constants
	ServerID    string // once it is known
	ServerName  string
	LastError   string
	Attempts    int       // failed tries since the last good one
	NextAttempt time.Time // zero: none is planned
}

func (t *target) url() string { return "nats-route://" + t.hostPort }

// view is the target as far as it knows itself.
func (t *target) view() Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Target{
		URL: t.url(), Configured: t.configured(), Runtime: t.named.Load() == byOperator, State: TargetConnecting,
		ServerID: t.id, ServerName: t.name, LastError: t.failure, Attempts: t.attempts, NextAttempt: t.next,
	}
}

// Targets returns the servers that are dialed, and the latest that were given up, sorted by address.
func (l *Link) Targets() []Target {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Target, 0, len(l.targets)+len(l.lost))
	for _, t := range l.targets {
		x := t.view()
		switch {
		case t.isSelf():
			x.State = TargetSelf
		case x.ServerID != "" && l.peers[x.ServerID] != nil:
			x.State = TargetConnected
		case x.LastError != "":
			x.State = TargetRetrying
		}
		out = append(out, x)
	}
	for i := range l.lost {
		if l.peers[l.lost[i].ServerID] == nil { // else it has come by another way
			out = append(out, l.lost[i])
		}
	}
	slices.SortFunc(out, func(a, b Target) int { return compare(a.URL, b.URL) })
	return out
}

func compare(a, b string) int { return cmp.Compare(a, b) }

// Errors of AddRoute and RemoveRoute.
var (
	ErrOff        = errors.New("the server is in no cluster")
	ErrKnown      = errors.New("the server is dialed already")
	ErrUnknown    = errors.New("no such server is dialed")
	ErrConfigured = errors.New("the configuration names the server")
)

// AddRoute dials a server from now on, until RemoveRoute or the end of this one. The address is a URL or
// host:port; a user and a password in it are shown to the other side.
func (l *Link) AddRoute(address string) error {
	if !l.Settings().On() {
		return ErrOff
	}
	u, err := parseRoute(address)
	if err != nil {
		return err
	}
	t := l.newTarget(u)
	t.named.Store(byOperator)
	if !l.want(t) {
		return ErrKnown
	}
	return nil
}

// RemoveRoute stops dialing a server that AddRoute has added or another server has told of, and ends the
// routes to it. What the configuration names is removed there.
func (l *Link) RemoveRoute(address string) error {
	u, err := parseRoute(address)
	if err != nil {
		return err
	}
	l.mu.Lock()
	t := l.targets[u.Host]
	lost := l.forgetLostLocked("nats-route://" + u.Host)
	l.mu.Unlock()
	switch {
	case t == nil && lost:
		return nil
	case t == nil:
		return ErrUnknown
	case t.configured():
		return ErrConfigured
	}
	l.drop(t)
	return nil
}

func parseRoute(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "nats-route://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("malformed route URL") // err would show a password
	}
	if _, _, err := net.SplitHostPort(u.Host); err != nil {
		return nil, fmt.Errorf("route %q: %w", u.Redacted(), err)
	}
	return u, nil
}

// drop forgets a target and ends the routes to it.
func (l *Link) drop(t *target) {
	l.mu.Lock()
	if l.targets[t.hostPort] == t {
		delete(l.targets, t.hostPort)
	}
	t.cancel()
	var gone []*Session
	for _, p := range l.peers {
		if p.target == t || p.info.ServerID == t.serverID() {
			gone = append(gone, p.sessions()...)
			p.target = nil
		}
	}
	l.mu.Unlock()
	for _, s := range gone {
		s.conn.Close(conn.RouteRemoved)
	}
}

// configured are the addresses of the routes list.
func configured(c *config.Cluster) map[string]*url.URL {
	out := map[string]*url.URL{}
	if c != nil {
		for _, r := range c.Routes {
			u := r.Reveal()
			if out[u.Host] == nil {
				out[u.Host] = u
			}
		}
	}
	return out
}
