package client

import (
	"fmt"

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
	sub := &broker.Sub{Subject: string(a.Subject), Queue: string(a.Queue), SID: string(a.SID), Sink: s}
	sub.Filter.Store(s.perms.Filter(a.Subject, a.Queue))
	s.mu.Lock()
	if s.subs == nil {
		s.subs = make(map[string]*broker.Sub)
	}
	s.subs[sub.SID] = sub
	s.conn.Counters.Subs.Store(int64(len(s.subs)))
	s.mu.Unlock()
	account.Subscribe(b, sub)
	s.confirm(b, sub)
	s.conn.Counters.LastActivity.Store(b.Now.UnixNano())
	s.ok(b)
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
	sub := s.subs[string(sid)]
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
	if s.subs[sub.SID] != sub { // somebody else has done it
		s.mu.Unlock()
		return
	}
	delete(s.subs, sub.SID)
	s.conn.Counters.Subs.Store(int64(len(s.subs)))
	account := s.account.Load() // still the one of sub: leaving it begins with dropping what is in subs
	s.mu.Unlock()
	account.Unsubscribe(b, sub)
	s.traceRemoved(sub)
}

// dropSubscriptions ends all subscriptions. Nothing is delivered to them any more when it returns.
func (s *Session) dropSubscriptions(b *broker.Batch) {
	s.mu.Lock()
	subs := s.subs
	s.subs = nil
	s.conn.Counters.Subs.Store(0)
	s.mu.Unlock()
	q := &s.conn.Out
	q.Lock()
	for _, sub := range subs {
		sub.Closed.Store(true)
	}
	q.Unlock()
	for _, sub := range subs {
		s.account.Load().Unsubscribe(b, sub)
		s.traceRemoved(sub)
	}
}
