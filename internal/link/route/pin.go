package route

import (
	"context"
	"slices"
	"time"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/nuid"
)

// When a reload gives an account a connection of its own, its interest must not be known twice meanwhile,
// by the connection of the pool and by the new one. So a server first says, on the connection that carried
// the account, that no more will come there, and waits until the others have forgotten what came.

const (
	moveRequest = 22              // length of the id of a request
	movePeriod  = 2 * time.Second // for the others to answer
	moveLook    = 5 * time.Millisecond
)

// followAccounts gives accounts a connection of their own, or takes it away. What the routes before have
// announced has to change.
func (l *Link) followAccounts(ctx context.Context, before []*Session, old, set *Settings, e *effects) {
	if old.pool != set.pool {
		return // all routes are made anew
	}
	var added []string
	for _, account := range set.pinned {
		if !old.isPinned(account) {
			added = append(added, account)
		}
	}
	for _, account := range old.pinned {
		if !set.isPinned(account) {
			l.unpin(before, set, account, e)
		}
	}
	if len(added) == 0 {
		return
	}
	var asked []string
	for _, account := range added {
		asked = append(asked, l.askToMove(before, set, account)...)
	}
	l.awaitMoves(ctx, asked)
	for _, s := range l.sessions() {
		if s.dial != nil && s.account == "" && s.pooled {
			l.dialPinned(s)
		}
	}
}

// unpin ends the connections of an account and lets the pool carry it again.
func (l *Link) unpin(before []*Session, set *Settings, account string, e *effects) {
	a := l.Broker.Account(account)
	b := broker.Begin()
	defer b.End(0)
	for _, s := range before {
		switch {
		case s.account == account:
			e.end(s, conn.RouteRemoved)
		case a != nil && s.carries(set, account):
			s.announce(b, a)
		}
	}
}

// askToMove tells the other servers that interest of an account comes by another connection from now on.
// It returns the ids of what has to be answered.
func (l *Link) askToMove(before []*Session, set *Settings, account string) (asked []string) {
	a := l.Broker.Account(account)
	b := broker.Begin()
	defer b.End(0)
	for _, s := range before {
		if s.account != "" || !s.pooled || slotOf(account, set.pool) != s.slot {
			continue
		}
		if n := s.known(account); n != nil && a != nil {
			a.Unobserve(broker.Route, n)
		}
		id := nuid.Token(moveRequest)
		l.mu.Lock()
		if l.adding == nil {
			l.adding = map[string]int{}
		}
		l.adding[id]++
		l.mu.Unlock()
		asked = append(asked, id)
		s.send(b, (&Info{Go: set.Info.Go, PoolSize: set.pool, Account: account, AddRequest: id}).line())
	}
	return asked
}

// awaitMoves waits until the requests have been answered, as long as that may take.
func (l *Link) awaitMoves(ctx context.Context, asked []string) {
	ctx, cancel := context.WithTimeout(ctx, movePeriod)
	defer cancel()
	look := time.NewTicker(moveLook)
	defer look.Stop()
	for {
		l.mu.Lock()
		asked = slices.DeleteFunc(asked, func(id string) bool { return l.adding[id] == 0 })
		l.mu.Unlock()
		if len(asked) == 0 {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			l.mu.Lock()
			for _, id := range asked {
				delete(l.adding, id)
			}
			l.mu.Unlock()
			return
		}
	}
}

// accountMoves takes the request of another server, or the answer to one.
func (s *Session) accountMoves(b *broker.Batch, i *Info) {
	if i.Account == "" {
		s.link.mu.Lock()
		delete(s.link.adding, i.AddRequest)
		s.link.mu.Unlock()
		return
	}
	if !s.up.Load() {
		return
	}
	from := s
	slot := slotOf(i.Account, i.PoolSize)
	s.link.mu.Lock()
	if p := s.link.peers[s.remote.Load().ServerID]; p != nil && slot < len(p.slots) && p.slots[slot] != nil {
		from = p.slots[slot]
	}
	s.link.mu.Unlock()
	if n := from.known(i.Account); n != nil {
		n.forget(b, nil)
	}
	answer := *i
	answer.Account = ""
	s.send(b, answer.line())
}
