package system

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/broker"
	"natsd/internal/event"
	"natsd/internal/monitor"
	"natsd/internal/nuid"
	"natsd/internal/status"
)

// Times at which the server tells of itself without being asked.
const (
	firstStatsz  = 250 * time.Millisecond // doubles up to statszPeriod
	statszPeriod = 10 * time.Second
	statszPause  = time.Second // between two of them at least
	connsPeriod  = 30 * time.Second
)

// maxNews is how many events wait to be published. What comes when so many wait is lost, and counted.
const maxNews = 1 << 16

// news is what the server tells without being asked.
type news struct {
	last    atomic.Int64 // Unix nanoseconds of the last statistics
	dropped atomic.Uint64

	mu   sync.Mutex     // a leaf
	told map[string]int // connections of accounts, as told last; without those that have none
}

// tell notes what is told of an account.
func (n *news) tell(account string, conns int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case conns == 0:
		delete(n.told, account)
	case n.told == nil:
		n.told = map[string]int{account: conns}
	default:
		n.told[account] = conns
	}
}

// those returns the accounts that have connections according to what was told last.
func (n *news) those() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Keys(n.told))
}

// statszDue lets the next statistics go out at once.
func (n *news) statszDue() { n.last.Store(0) }

// Start tells what happens until the tasks are stopped.
func (s *Services) Start() {
	sub := s.setup.Events.Subscribe(maxNews,
		event.ConnectionOpened, event.ConnectionClosed, event.LeafUp, event.LeafDown, event.AuthFailed, event.RouteUp, event.RouteDown)
	s.setup.Tasks.Go("system events", func(ctx context.Context) {
		defer sub.Close()
		s.tell(ctx, sub)
	})
}

// tell publishes events and, from time to time, how the server and its accounts are.
func (s *Services) tell(ctx context.Context, sub *event.Subscription) {
	wait := firstStatsz
	statsz, conns := time.NewTimer(wait), time.NewTicker(connsPeriod)
	defer statsz.Stop()
	defer conns.Stop()
	for {
		select {
		case <-sub.Ready():
			events, dropped := sub.Take()
			for i := range events {
				s.tellEvent(&events[i])
				if events[i].Kind() == event.RouteUp { // who is there shall hear of this server soon
					wait = firstStatsz
					statsz.Reset(wait)
				}
			}
			if dropped > 0 {
				s.setup.Log.Warn(fmt.Sprintf("%d system events were lost, %d in all", dropped, s.news.dropped.Add(dropped)))
			}
		case <-statsz.C:
			s.greet()
			s.sendStatsz()
			wait = min(2*wait, statszPeriod)
			statsz.Reset(wait)
		case now := <-conns.C:
			s.sendAllConns()
			s.dropSilent(now)
		case <-ctx.Done():
			return
		}
	}
}

// sendStatsz publishes the state of the server, unless nobody listens or it was just done.
func (s *Services) sendStatsz() {
	sys := s.system.Load()
	if sys == nil {
		return
	}
	to := s.statszSubject()
	now := time.Now()
	if last := s.news.last.Load(); now.UnixNano()-last < int64(statszPause) || !s.wanted(sys, to) {
		return
	}
	s.news.last.Store(now.UnixNano())
	s.send(sys, to, s.newStatsz())
}

// typed is what each advisory begins with.
type typed struct {
	Type string    `json:"type"`
	ID   string    `json:"id"`
	Time time.Time `json:"timestamp"`
}

func newTyped(kind string, at time.Time) typed {
	return typed{"io.nats.server.advisory.v1." + kind, nuid.Next(), at.UTC()}
}

// connected says that a client was let in.
type connected struct {
	typed
	Server ServerInfo `json:"server"`
	Client clientInfo `json:"client"`
}

// disconnected says that a client has gone, or was not let in.
type disconnected struct {
	typed
	Server   ServerInfo    `json:"server"`
	Client   clientInfo    `json:"client"`
	Sent     status.Volume `json:"sent"` // by the client
	Received status.Volume `json:"received"`
	Reason   string        `json:"reason"`
}

// clientInfo describes a client or leaf node.
type clientInfo struct {
	Start      time.Time     `json:"start"`
	Host       string        `json:"host,omitempty"`
	ID         uint64        `json:"id"`
	Account    string        `json:"acc"`
	User       string        `json:"user,omitempty"`
	Name       string        `json:"name,omitempty"`
	Lang       string        `json:"lang,omitempty"`
	Version    string        `json:"ver,omitempty"`
	RTT        time.Duration `json:"rtt,omitempty"`
	Stop       *time.Time    `json:"stop,omitempty"`
	JWT        string        `json:"jwt,omitempty"`
	IssuerKey  string        `json:"issuer_key,omitempty"`
	NameTag    string        `json:"name_tag,omitempty"`
	Tags       []string      `json:"tags,omitempty"`
	Kind       string        `json:"kind,omitempty"`
	ClientType string        `json:"client_type,omitempty"`
	MQTTClient string        `json:"client_id,omitempty"`
}

func describeClient(f *status.Facts) clientInfo {
	c := clientInfo{
		Start: f.Start.UTC(), ID: f.CID, Account: f.Account, NameTag: f.AccountTag,
		User: f.User, Name: f.Name, Lang: f.Lang, Version: f.Version,
		JWT: f.JWT, IssuerKey: f.IssuerKey, Tags: f.Tags,
		Kind: f.Kind.String(), ClientType: f.Type, MQTTClient: f.MQTTClient,
	}
	if a := f.Remote.Addr(); a.IsValid() {
		c.Host = a.String()
	}
	if c.Account == "" {
		c.Account = globalAccount
	}
	if c.NameTag == "" {
		c.NameTag = c.Account
	}
	return c
}

// globalAccount is where everybody is who has no other account. It is not told who comes and goes there.
const globalAccount = "$G"

// accountConns says how many connections an account has here.
type accountConns struct {
	typed
	Server ServerInfo `json:"server"`
	monitor.AccountStat
}

// tellEvent publishes one event.
func (s *Services) tellEvent(e *event.Event) {
	sys := s.system.Load()
	if sys == nil {
		return
	}
	switch d := e.Data.(type) {
	case event.Opened:
		if d.Facts.Kind == status.Router {
			s.routesChanged()
			return
		}
		if account := d.Facts.Account; account != globalAccount && token(account) {
			s.sendConns(account)
			s.advise(sys, "$SYS.ACCOUNT."+account+".CONNECT", func() any {
				return connected{newTyped("client_connect", e.Time), s.introduce(e.Time), describeClient(d.Facts)}
			})
		}
	case event.Closed:
		if d.Facts.Kind == status.Router {
			s.routesChanged()
			return
		}
		if account := d.Facts.Account; account != globalAccount && token(account) {
			s.sendConns(account)
			s.advise(sys, "$SYS.ACCOUNT."+account+".DISCONNECT", func() any {
				return s.farewell(e, &d.Conn, describeClient(d.Facts), d.Stop, d.Reason)
			})
		}
	case event.Refused:
		s.advise(sys, "$SYS.SERVER."+s.setup.ID+".CLIENT.AUTH.ERR", func() any {
			c := describeClient(d.Conn.Facts)
			c.User = d.User
			return s.farewell(e, &d.Conn, c, e.Time, d.Reason)
		})
	}
}

func (s *Services) farewell(e *event.Event, c *status.Conn, who clientInfo, stop time.Time, reason string) disconnected {
	stop = stop.UTC()
	who.Stop, who.RTT = &stop, c.RTT
	if who.RTT == 0 { // not measured: the client was here for too short
		who.RTT = stop.Sub(who.Start)
	}
	return disconnected{
		newTyped("client_disconnect", e.Time), s.introduce(e.Time), who,
		status.Volume{Msgs: c.InMsgs, Bytes: c.InBytes},
		status.Volume{Msgs: c.OutMsgs, Bytes: c.OutBytes},
		reason,
	}
}

// advise publishes what make returns, if anybody listens.
func (s *Services) advise(sys *broker.Account, to string, make func() any) {
	if s.wanted(sys, to) {
		s.send(sys, to, make())
	}
}

// conns returns the state of an account, without the server.
func (s *Services) conns(account string) (m accountConns, ok bool) {
	z := s.setup.Collector.Accstatz(monitor.AccstatzQuery{Accounts: []string{account}, Unused: true})
	if len(z.Accounts) == 0 {
		return m, false
	}
	return accountConns{typed: newTyped("account_connections", time.Now()), AccountStat: z.Accounts[0]}, true
}

// sendConns publishes how many connections an account has.
func (s *Services) sendConns(account string) {
	sys := s.system.Load()
	if sys == nil || account == globalAccount || !token(account) {
		return
	}
	old, now := "$SYS.SERVER.ACCOUNT."+account+".CONNS", "$SYS.ACCOUNT."+account+".SERVER.CONNS"
	if !s.wanted(sys, old) && !s.wanted(sys, now) {
		return
	}
	m, ok := s.conns(account)
	if !ok {
		return
	}
	s.news.tell(account, m.TotalConns)
	for _, to := range []string{old, now} {
		m.Server = s.introduce(time.Now())
		s.send(sys, to, m)
	}
}

// sendAllConns does so for all accounts that have connections, or had some when they were told of last.
func (s *Services) sendAllConns() {
	told := s.news.those()
	for _, a := range s.setup.Broker.Accounts() {
		if a.Clients() > 0 {
			s.sendConns(a.Name)
		}
	}
	for _, name := range told {
		if a := s.setup.Broker.Account(name); a != nil && a.Clients() == 0 {
			s.sendConns(name)
		}
	}
}

// LameDuck tells all that the server is going to end.
func (s *Services) LameDuck() { s.sendLast("LAMEDUCK") }

// Stopping tells all that the server ends. It returns when they have been told as far as their sockets
// take it.
func (s *Services) Stopping() { s.sendLast("SHUTDOWN") }

func (s *Services) sendLast(what string) {
	if sys := s.system.Load(); sys != nil {
		info := s.introduce(time.Now())
		s.send(sys, "$SYS.SERVER."+info.ID+"."+what, info)
	}
}
