package system

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"natsd/internal/broker"
	"natsd/internal/event"
	"natsd/internal/monitor"
	"natsd/internal/nuid"
	"natsd/internal/subject"
	"natsd/internal/task"
)

// Setup is what [Services] work with. It is not changed after [New].
type Setup struct {
	Collector *monitor.Collector
	Broker    *broker.Broker
	Events    *event.Hub
	Tasks     *task.Group // owns all goroutines of the services
	Log       *slog.Logger
	ID        string            // of this server
	Info      func() ServerInfo // without Seq and Time
	Operator  Operator
	Sent      *broker.Volume // counts what the services send, beside the counts of the account
}

// Operator carries out what administrators ask for. The errors are for them to read.
type Operator interface {
	Reload(ctx context.Context) error
	// Kick ends a connection.
	Kick(cid uint64) error
	// LameDuck tells one client to go elsewhere.
	LameDuck(cid uint64) error
	// Evict ends the newest connections of an account that has more than it may.
	Evict(account string, n int)
}

// Services serves the system account of one server. It is safe for concurrent use.
type Services struct {
	setup Setup

	seq    atomic.Uint64
	system atomic.Pointer[broker.Account] // nil: there is none

	quick   lane // answers that cost little
	guests  lane // the same for users of other accounts, who shall not hold up administrators
	control lane // reloads and the like
	profile lane // profiles take their time

	relays  relays
	inboxes inboxes
	others  others
	news    news

	mu     sync.Mutex // guards what follows; taken before the locks of accounts
	served map[*broker.Account]bool
	tidyAt int           // number of served accounts at which those that are gone are taken out
	subs   []*broker.Sub // in the system account
}

// New returns services that serve nobody yet: see [Services.Open], [Services.SetSystem] and
// [Services.Start].
func New(setup Setup) *Services {
	s := &Services{setup: setup, served: make(map[*broker.Account]bool)}
	s.relays.prefix = relayPrefix + nuid.Token(relayToken) + "."
	s.inboxes.prefix = "$SYS._INBOX." + nuid.Token(relayToken) + "."
	s.others.known, s.others.crowds = make(map[string]*remote), make(map[string]bool)
	return s
}

// origin is where the messages of the server itself come from.
var origin = broker.Origin{Kind: broker.Internal}

// Open offers in an account what every account has. Opening it again changes nothing.
func (s *Services) Open(a *broker.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served[a] {
		return
	}
	if len(s.served) >= s.tidyAt {
		maps.DeleteFunc(s.served, func(old *broker.Account, _ bool) bool { return old.Gone() })
		s.tidyAt = 2*len(s.served) + 64
	}
	s.served[a] = true
	s.offer(a)
}

// SetSystem makes a the system account; nil is none. What was served in another one ends.
func (s *Services) SetSystem(a *broker.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.system.Load()
	if a == old {
		return
	}
	for _, sub := range s.subs {
		old.Unsubscribe(nil, sub)
	}
	s.subs = nil
	s.system.Store(a)
	s.drop(func(string, *remote) bool { return true }) // who shares the new one is yet to be met
	if a == nil {
		return
	}
	for filter, sink := range s.table() {
		if h, ok := sink.(*handler); ok {
			h.account = a
		}
		sub := &broker.Sub{Subject: filter, SID: strconv.Itoa(len(s.subs) + 1), Kind: broker.Internal, Sink: sink}
		if a.Subscribe(nil, sub) {
			s.subs = append(s.subs, sub)
		}
	}
}

// handler is a sink that hands requests to a lane.
type handler struct {
	services *Services
	account  *broker.Account // the system account
	lane     *lane
	serve    func(ctx context.Context, r *request)
	foreign  bool // takes only what other servers have sent
}

// Deliver implements [broker.Sink].
func (h *handler) Deliver(_ *broker.Batch, sub *broker.Sub, r *broker.Run) int {
	if h.foreign && (r.From.Kind == broker.Client || r.From.Kind == broker.Internal) {
		return 0
	}
	taken := 0
	for i := range r.Msgs {
		req := newRequest(h.account, r, &r.Msgs[i])
		lane := h.lane
		if lane == &h.services.quick && strings.HasPrefix(req.reply, relayPrefix) {
			lane = &h.services.guests
		}
		if !lane.push(h.services.setup.Tasks, job{size: req.size(), do: func(ctx context.Context) { h.serve(ctx, req) }}) {
			h.services.setup.Log.Warn(fmt.Sprintf("Too many system requests wait, dropped one on %s", r.Subject))
			continue
		}
		taken++
	}
	sub.Delivered.Add(int64(taken))
	return taken
}

// send publishes a value as JSON in account a.
func (s *Services) send(a *broker.Account, to string, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		s.setup.Log.Error(fmt.Sprintf("System message on %s: %v", to, err))
		return
	}
	s.publish(a, to, "", nil, body)
}

// publish sends one message in account a.
func (s *Services) publish(a *broker.Account, to, reply string, head, body []byte) {
	m := broker.Msg{Reply: []byte(reply), HeaderLen: -1, Body: body}
	if len(head) > 0 {
		m.HeaderLen, m.HeaderTok = len(head), strconv.AppendInt(nil, int64(len(head)), 10)
		m.Body = slices.Concat(head, body)
	}
	m.SizeTok = strconv.AppendInt(nil, int64(len(m.Body)), 10)
	b := broker.Begin()
	defer b.End(0)
	b.Msgs[0] = m
	a.Publish(b, &broker.Run{Subject: []byte(to), From: &origin, Msgs: b.Msgs[:1]})
	s.count(b, a)
	b.Msgs[0] = broker.Msg{}
}

// count adds up what was sent with b on behalf of the server.
func (s *Services) count(b *broker.Batch, a *broker.Account) {
	msgs, bytes := b.Taken()
	a.Sent.Add(msgs, bytes)
	s.setup.Sent.Add(msgs, bytes)
}

// wanted tells whether anybody but the server itself listens to a subject in account a.
func (s *Services) wanted(a *broker.Account, to string) bool {
	var found matches
	a.Index().Match([]byte(to), &found)
	for _, sub := range found.Plain {
		if sub.Kind != broker.Internal {
			return true
		}
	}
	return len(found.Groups) > 0
}

// token tells whether a name can stand for itself in a subject.
func token(name string) bool { return subject.ValidLiteral(name) }
