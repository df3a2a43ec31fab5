package client

import (
	"fmt"
	"strings"

	"natsd/internal/broker"
	"natsd/internal/subject"
	"natsd/internal/wire"
)

// reservedQueue is the servers' own.
const reservedQueue = "_sys_"

// subscribe handles SUB. The order of the checks is part of the protocol: it decides which error a
// client sees.
func (s *Session) subscribe(b *broker.Batch) {
	a := &s.dec.Args
	account := s.account.Load()
	switch {
	case string(a.Queue) == reservedQueue, !s.perms.Subscribe(a.Subject, a.Queue):
		s.violation(b, "Subscription Violation", wanted(a), subscriptionViolation(a))
		return
	case s.tooManyTokens(a.Subject):
		s.violation(b, "Subscription Violation", wanted(a), fmt.Sprintf("Permissions Violation for Subscription to %q, too many tokens", a.Subject))
		return
	}
	known := s.subscription(b, a.SID) != nil
	switch {
	case s.subscriptionsFull(account):
		s.refuse(b, wire.TextMaxSubscriptions)
		return
	case known:
		s.ok(b) // the first one stays
		return
	case !subject.Valid(a.Subject):
		s.sendErr(b, wire.TextInvalidSubject)
		return
	}
	sub := s.newSub(a)
	sub.Filter.Store(s.perms.Filter(a.Subject, a.Queue))
	s.mu.Lock()
	s.subs.add(sub)
	s.conn.Counters.Subs.Store(int64(s.subs.len()))
	s.mu.Unlock()
	account.Subscribe(b, sub)
	s.confirm(b, sub)
	s.conn.Counters.LastActivity.Store(b.Now.UnixNano())
	s.ok(b)
}

// newSub makes a subscription whose names share one piece of memory.
func (s *Session) newSub(a *wire.Args) *broker.Sub {
	var b strings.Builder
	b.Grow(len(a.Subject) + len(a.Queue) + len(a.SID))
	_, _ = b.Write(a.Subject)
	_, _ = b.Write(a.Queue)
	_, _ = b.Write(a.SID)
	subj, rest := b.String()[:len(a.Subject)], b.String()[len(a.Subject):]
	return &broker.Sub{Subject: subj, Queue: rest[:len(a.Queue)], SID: rest[len(a.Queue):], Sink: s}
}

func subscriptionViolation(a *wire.Args) string {
	if len(a.Queue) > 0 {
		return fmt.Sprintf("Permissions Violation for Subscription to %q using queue %q", a.Subject, a.Queue)
	}
	return fmt.Sprintf("Permissions Violation for Subscription to %q", a.Subject)
}

// wanted describes a subscription for the log.
func wanted(a *wire.Args) string {
	if len(a.Queue) > 0 {
		return fmt.Sprintf("Subject %q, Queue: %q, SID %s", a.Subject, a.Queue, a.SID)
	}
	return fmt.Sprintf("Subject %q, SID %s", a.Subject, a.SID)
}

func (s *Session) tooManyTokens(subj []byte) bool {
	most := s.link.Settings().Options.Limits.MaxSubTokens
	return most > 0 && subject.Tokens(subj) > most
}

// subscription returns the client's subscription of that name, or nil. One whose last message has been
// queued is gone, even if whoever queued it has not cleaned up yet.
func (s *Session) subscription(b *broker.Batch, sid []byte) *broker.Sub {
	s.mu.Lock()
	sub := s.subs.get(sid)
	s.mu.Unlock()
	if sub != nil && sub.Closed.Load() {
		s.remove(b, sub)
		return nil
	}
	return sub
}

// subscriptionsFull tells whether the client may not subscribe to any more.
func (s *Session) subscriptionsFull(a *broker.Account) bool {
	n := int(s.conn.Counters.Subs.Load()) // other goroutines only lower it
	if most := s.link.Settings().Options.Limits.MaxSubscriptions; most > 0 && n >= most {
		return true
	}
	most := a.Limits().MaxSubscriptions
	return most >= 0 && n >= most
}

// unsubscribe handles UNSUB, which may leave a number of messages to be delivered first.
func (s *Session) unsubscribe(b *broker.Batch) {
	a := &s.dec.Args
	if sub := s.subscription(b, a.SID); sub != nil {
		q := &s.conn.Out
		q.Lock()
		stay := int64(a.Max) > sub.Delivered.Load()
		if stay {
			sub.Max.Store(int64(a.Max))
		} else {
			sub.Closed.Store(true)
		}
		q.Unlock()
		if !stay {
			s.remove(b, sub)
		}
		s.conn.Counters.LastActivity.Store(b.Now.UnixNano())
	}
	s.ok(b)
}

// remove ends a subscription. It may be called by the goroutine of any publisher. Without a batch, b is
// nil.
func (s *Session) remove(b *broker.Batch, sub *broker.Sub) {
	s.mu.Lock()
	if !s.subs.remove(sub) { // somebody else has done it
		s.mu.Unlock()
		return
	}
	s.conn.Counters.Subs.Store(int64(s.subs.len()))
	account := s.account.Load() // still the one of sub: leaving it begins with dropping what is in subs
	s.mu.Unlock()
	account.Unsubscribe(b, sub)
	s.traceRemoved(sub)
}

// dropSubscriptions ends all subscriptions. Nothing is delivered to them any more when it returns.
func (s *Session) dropSubscriptions(b *broker.Batch) {
	s.mu.Lock()
	gone := s.subs
	s.subs = subs{}
	s.conn.Counters.Subs.Store(0)
	s.mu.Unlock()
	q := &s.conn.Out
	q.Lock()
	for sub := range gone.all() {
		sub.Closed.Store(true)
	}
	q.Unlock()
	for sub := range gone.all() {
		s.account.Load().Unsubscribe(b, sub)
		s.traceRemoved(sub)
	}
}
