package system

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"natsd/internal/broker"
	"natsd/internal/monitor"
)

// patience is how long a server may be silent before it counts as gone. It tells of itself every
// statszPeriod.
const patience = 150 * time.Second

// maxOthers bounds how many servers are remembered.
const maxOthers = 4096

// others are the other servers that share the system account.
type others struct {
	mu     sync.Mutex // a leaf
	known  map[string]*remote
	crowds map[string]bool // accounts that are looked at because they may have too many connections
}

// begin notes that an account is looked at, unless it is already.
func (o *others) begin(account string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.crowds[account] {
		return false
	}
	o.crowds[account] = true
	return true
}

func (o *others) end(account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.crowds, account)
}

// remote is what is known of another server.
type remote struct {
	name  string
	heard time.Time
	conns map[string]int // by account

	routed bool // there is, or was, a route to it
}

func (o *others) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.known)
}

// hear notes that a server is there and reports whether that is new.
func (o *others) hear(info *ServerInfo, now time.Time) (found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.known[info.ID]
	if r == nil && len(o.known) >= maxOthers {
		return false
	}
	if r == nil {
		r = &remote{conns: make(map[string]int)}
		o.known[info.ID] = r
		found = true
	}
	r.name, r.heard = info.Name, now
	return found
}

// set notes how many connections an account has at a server, and returns those at all other servers.
func (o *others) set(id, account string, conns int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.known[id]; r != nil {
		if conns == 0 {
			delete(r.conns, account)
		} else {
			r.conns[account] = conns
		}
	}
	return o.sumLocked(account, everywhere)
}

// sum is the number of connections of an account at those servers.
func (o *others) sum(account string, at func(id string) bool) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sumLocked(account, at)
}

func (o *others) sumLocked(account string, at func(id string) bool) int {
	n := 0
	for id, r := range o.known {
		if at(id) {
			n += r.conns[account]
		}
	}
	return n
}

func everywhere(string) bool { return true }

// strangers tells whether one of these servers is not known.
func (o *others) strangers(ids map[string]bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range ids {
		if o.known[id] == nil {
			return true
		}
	}
	return false
}

// forget takes out the servers that gone says are gone, and returns the accounts that had connections
// there.
func (o *others) forget(gone func(id string, r *remote) bool) (accounts []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, r := range o.known {
		if gone(id, r) {
			delete(o.known, id)
			for a := range r.conns {
				accounts = append(accounts, a)
			}
		}
	}
	return accounts
}

// listen adds what the server hears of others.
func (s *Services) listen(t map[string]broker.Sink) {
	id := s.setup.ID
	hear := func(filter string, serve func(ctx context.Context, r *request)) {
		t[filter] = &handler{services: s, lane: &s.quick, foreign: true, serve: serve}
	}
	hear("$SYS.SERVER.*.STATSZ", s.heard)
	hear(s.greeting(), s.heard)
	hear("$SYS.SERVER.*.SHUTDOWN", s.heardEnd)
	hear("$SYS.SERVER.ACCOUNT.*.CONNS", s.heardConns)
	hear("$SYS._INBOX_."+id, s.heardConns)
	hear(s.inboxes.prefix+"*", s.inboxes.take)
	hear("$SYS.REQ.ACCOUNT.NSUBS", s.serveNumSubs)
}

// heard takes the statistics of another server, as a sign of life.
func (s *Services) heard(_ context.Context, r *request) {
	var m struct {
		Server ServerInfo `json:"server"`
	}
	if json.Unmarshal(r.body, &m) == nil {
		s.meet(&m.Server)
	}
}

// greeting is where the answers of servers are expected that were asked who they are.
func (s *Services) greeting() string { return s.inboxes.prefix + "hello.server" }

// greet asks who is there if there is a route to a server that has not been heard of: what it told before
// the route was up, or before it knew that this server listens, is lost.
func (s *Services) greet() {
	if sys := s.system.Load(); sys != nil && s.others.strangers(s.routed()) {
		s.publish(sys, "$SYS.REQ.SERVER.PING.STATSZ", s.greeting(), nil, nil)
	}
}

// meet notes a server. A new one is asked about its connections and told of those here.
func (s *Services) meet(info *ServerInfo) {
	if info.ID == "" || info.ID == s.setup.ID || !s.others.hear(info, time.Now()) {
		return
	}
	s.noteRoutes()
	s.askAllConns()
	s.sendAllConns()
	s.sendStatsz()
}

// LimitsChanged asks the other servers about the accounts that have a limit now.
func (s *Services) LimitsChanged() {
	if s.others.count() > 0 {
		s.askAllConns()
	}
}

func (s *Services) askAllConns() {
	for _, a := range s.setup.Broker.Accounts() {
		if a.Limits().MaxConnections >= 0 {
			s.askConns(a.Name)
		}
	}
}

// heardEnd takes the last message of a server.
func (s *Services) heardEnd(_ context.Context, r *request) {
	var info ServerInfo
	if json.Unmarshal(r.body, &info) == nil && info.ID != "" {
		s.drop(func(id string, _ *remote) bool { return id == info.ID })
	}
}

// dropSilent forgets servers that have not been heard of for long.
func (s *Services) dropSilent(now time.Time) {
	s.drop(func(_ string, r *remote) bool { return now.Sub(r.heard) > patience })
}

// routesChanged has noteRoutes called after everything that has come over a route which has gone was dealt
// with: what a server said last must not bring it back.
func (s *Services) routesChanged() {
	if !s.quick.push(s.setup.Tasks, job{do: func(context.Context) { s.noteRoutes() }}) {
		s.noteRoutes()
	}
}

// noteRoutes notes to which servers there is a route, and forgets those to which there was one and is
// none any more.
func (s *Services) noteRoutes() {
	routed := s.routed()
	s.drop(func(id string, r *remote) bool {
		lost := r.routed && !routed[id]
		r.routed = routed[id]
		return lost
	})
}

// routed are the ids of the servers to which there is a route.
func (s *Services) routed() map[string]bool {
	ids := map[string]bool{}
	for _, r := range s.setup.Collector.Routez(monitor.RoutezQuery{}).Routes {
		ids[r.RemoteID] = true
	}
	return ids
}

func (s *Services) drop(gone func(id string, r *remote) bool) {
	for _, name := range s.others.forget(gone) {
		if a := s.setup.Broker.Account(name); a != nil {
			a.SetElsewhere(s.others.sum(name, everywhere))
		}
	}
}

// numConns is what another server says of the connections of an account.
type numConns struct {
	Server  ServerInfo `json:"server"`
	Account string     `json:"acc"`
	Conns   int        `json:"conns"`
	Leafs   int        `json:"leafnodes"`
}

// heardConns takes the number of connections that an account has elsewhere.
func (s *Services) heardConns(_ context.Context, r *request) {
	var m numConns
	if json.Unmarshal(r.body, &m) != nil || m.Server.ID == s.setup.ID || m.Account == "" {
		return
	}
	s.meet(&m.Server)
	a := s.setup.Broker.Account(m.Account)
	if a == nil {
		return
	}
	a.SetElsewhere(s.others.set(m.Server.ID, m.Account, max(m.Conns, 0)))
	if s.surplus(a) > 0 {
		s.relieve(a)
	}
}

// calm is how long an account has too many connections before some of them have to go: the numbers of
// different servers do not change at the same time.
const calm = time.Second

// relieve ends connections of an account if there are still too many in a moment.
func (s *Services) relieve(a *broker.Account) {
	if !s.others.begin(a.Name) {
		return // somebody is at it
	}
	s.setup.Tasks.Go("evict", func(ctx context.Context) {
		defer s.others.end(a.Name)
		timer := time.NewTimer(calm)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if n := s.surplus(a); n > 0 {
			s.setup.Operator.Evict(a.Name, n)
		}
	})
}

// surplus is how many connections of an account have to go here, because there are too many in all: two
// servers have let one in before they heard of each other. All servers see the same numbers and give way in
// the order of their ids, so that no more go than have to.
func (s *Services) surplus(a *broker.Account) int {
	most := a.Limits().MaxConnections
	if most < 0 || a.Clients()+a.Elsewhere() <= most {
		return 0
	}
	first := s.others.sum(a.Name, func(id string) bool { return id < s.setup.ID })
	return a.Clients() - max(0, most-first)
}

// connsRequest asks for the number of connections of an account.
type connsRequest struct {
	Server  ServerInfo `json:"server"`
	Account string     `json:"acc"`
}

// askConns asks all servers how many connections an account has there.
func (s *Services) askConns(account string) {
	sys := s.system.Load()
	if sys == nil || !token(account) {
		return
	}
	info := s.introduce(time.Now())
	body, err := json.Marshal(connsRequest{info, account})
	if err != nil {
		return
	}
	s.publish(sys, "$SYS.REQ.ACCOUNT."+account+".CONNS", "$SYS._INBOX_."+info.ID, nil, body)
}

// serveConns tells another server how many connections an account has here, if it has any.
func serveConns(_ context.Context, s *Services, r *request) {
	var q connsRequest
	if len(r.body) > 0 {
		if err := json.Unmarshal(r.body, &q); err != nil {
			s.setup.Log.Error("Error unmarshalling account connections request: " + err.Error())
			return
		}
	}
	account := r.account()
	if r.reply == "" || q.Account != "" && q.Account != account || q.Server.ID == s.setup.ID {
		return
	}
	m, ok := s.conns(account)
	if !ok || m.TotalConns == 0 {
		return
	}
	m.Server = s.introduce(time.Now())
	if body, err := json.Marshal(m); err == nil {
		s.respond(r, r.encoding(), body)
	}
}
