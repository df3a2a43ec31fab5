package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/event"
	"natsd/internal/header"
	"natsd/internal/monitor"
	"natsd/internal/status"
	"natsd/internal/task"
)

// ownID is the server under test; otherID is another one.
const (
	ownID   = "NOWN"
	otherID = "NOTHER"
)

// limit is how long a test waits for what must come.
const limit = 20 * time.Second

// house is a server without sockets: accounts, what monitoring sees of them, and the services.
type house struct {
	*Services
	sys, app, app2 *broker.Account

	operator *fakeOperator
	source   *fakeSource
	events   *event.Hub
	sent     broker.Volume
}

// newHouse returns a server with the accounts SYS, APP, APP2 and $G, until the test ends.
func newHouse(t testing.TB) *house {
	t.Helper()
	b := broker.New()
	h := &house{
		sys: b.Open("SYS"), app: b.Open("APP"), app2: b.Open("APP2"),
		operator: &fakeOperator{broker: b}, source: &fakeSource{broker: b}, events: event.NewHub(),
	}
	tasks := task.New(context.Background(), nil)
	options := &config.Options{Host: "127.0.0.1", ServerName: "srv", Tags: []string{"Region:east", "n1"}, SystemAccount: "SYS"}
	h.Services = New(Setup{
		Collector: monitor.New(h.source, func() *config.Options { return options }),
		Broker:    b, Events: h.events, Tasks: tasks, Log: slog.New(slog.DiscardHandler), Operator: h.operator, Sent: &h.sent, ID: ownID,
		Info: func() ServerInfo {
			return ServerInfo{Name: "srv", Host: "127.0.0.1", ID: ownID, Cluster: "C1", Tags: options.Tags, FeatureFlags: map[string]bool{"f": true}}
		},
	})
	for _, a := range []*broker.Account{h.sys, h.app, h.app2, b.Open(globalAccount)} {
		h.Open(a)
	}
	h.SetSystem(h.sys)
	t.Cleanup(func() {
		tasks.Stop()
		tasks.Wait()
	})
	return h
}

// fakeOperator remembers what it was asked to do.
type fakeOperator struct {
	broker   *broker.Broker
	onReload func()

	mu   sync.Mutex
	done []string
}

func (o *fakeOperator) did(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done = append(o.done, what)
}

func (o *fakeOperator) all() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.done, ",")
}

func (o *fakeOperator) Reload(context.Context) error {
	o.did("reload")
	if o.onReload != nil {
		o.onReload()
	}
	return nil
}

func (o *fakeOperator) Evict(account string, n int) { o.did(fmt.Sprintf("evict %d of %s", n, account)) }

func (o *fakeOperator) Kick(cid uint64) error {
	o.did("kick " + strconv.FormatUint(cid, 10))
	if cid != 1 {
		return errors.New("no such client or leafnode id")
	}
	return nil
}

func (o *fakeOperator) LameDuck(cid uint64) error {
	o.did("ldm " + strconv.FormatUint(cid, 10))
	if cid != 1 {
		return errors.New("no such client id")
	}
	return nil
}

// fakeSource is what monitoring sees: two connections in APP and one in APP2.
type fakeSource struct {
	broker *broker.Broker
	routes atomic.Pointer[[]string] // ids of other servers; nil is none
}

var began = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

func facts(cid uint64, account, user string) *status.Facts {
	return &status.Facts{
		CID: cid, Type: status.TypeNATS, Remote: netip.MustParseAddrPort("127.0.0.1:50000"), Start: began,
		Name: "app", Lang: "go", Version: "1.55.0", User: user, Account: account, AccountTag: account,
	}
}

func (f *fakeSource) Server() status.Server {
	return status.Server{ID: ownID, Name: "srv", Version: "2.14.5-natsd.0.1.0", Started: began, ConfigLoaded: began, SystemAccount: "SYS"}
}

func (f *fakeSource) Counters() status.Counters {
	return status.Counters{Connections: 3, TotalConnections: 5, Traffic: status.Traffic{InMsgs: 4, OutMsgs: 6}}
}

func (f *fakeSource) AppendRoutes(dst []status.Route) []status.Route {
	if ids := f.routes.Load(); ids != nil {
		for i, id := range *ids {
			dst = append(dst, status.Route{Conn: status.Conn{Facts: &status.Facts{CID: uint64(100 + i), Kind: status.Router}}, RemoteID: id, RemoteName: "n-" + id})
		}
	}
	return dst
}

func (f *fakeSource) Conns() iter.Seq[status.Conn] {
	var conns []status.Conn
	for i, account := range []string{"APP", "APP", "APP2"} {
		conns = append(conns, status.Conn{Facts: facts(uint64(i+1), account, "u"+strconv.Itoa(i)), LastActivity: began.UnixNano(), RTT: time.Millisecond})
	}
	return slices.Values(conns)
}

func (f *fakeSource) AppendClosed(dst []*status.Closed) []*status.Closed { return dst }
func (f *fakeSource) ConnSubs(uint64) iter.Seq[status.Sub]               { return slices.Values([]status.Sub(nil)) }
func (f *fakeSource) NotReady() []string                                 { return nil }
func (f *fakeSource) IndexStats(string) status.IndexStats                { return status.IndexStats{Subs: 7} }

func (f *fakeSource) HasAccount(name string) bool { return f.broker.Account(name) != nil }

func (f *fakeSource) Accounts() []status.Account {
	var out []status.Account
	for _, a := range f.broker.Accounts() {
		d, _ := f.Account(a.Name)
		out = append(out, d.Account)
	}
	return out
}

func (f *fakeSource) Account(name string) (status.AccountDetail, bool) {
	a := f.broker.Account(name)
	if a == nil {
		return status.AccountDetail{}, false
	}
	return status.AccountDetail{
		Account: status.Account{Name: name, Tag: name, Clients: a.Clients(), Subs: 3}, Updated: began, Complete: true,
		System: name == "SYS", Imports: Imports(name, "SYS"),
	}, true
}

func (f *fakeSource) Subs(account string) iter.Seq[status.Sub] {
	return slices.Values([]status.Sub{{Account: account, Subject: "foo", SID: "1", CID: 1}})
}

// message is what an inbox got.
type message struct {
	subject string
	head    string
	body    []byte
	server  ServerInfo
	data    map[string]any
	failure *failure
	whole   map[string]any
}

// inbox is a subscriber that keeps what it gets.
type mailbox struct {
	account *broker.Account
	sub     *broker.Sub
	got     chan message
}

// Deliver implements [broker.Sink].
func (in *mailbox) Deliver(_ *broker.Batch, _ *broker.Sub, r *broker.Run) int {
	for _, m := range r.Msgs {
		out := message{subject: string(r.Subject)}
		text := slices.Clone(m.Body)
		if string(m.SizeTok) != strconv.Itoa(len(m.Body)) || len(m.Reply) > 0 {
			out.head = "malformed"
		}
		if m.HeaderLen > 0 {
			out.head, text = string(text[:m.HeaderLen]), text[m.HeaderLen:]
		}
		out.body = text
		var a struct {
			Server ServerInfo     `json:"server"`
			Data   map[string]any `json:"data"`
			Error  *failure       `json:"error"`
		}
		_ = json.Unmarshal(text, &a) // not all answers have this form
		_ = json.Unmarshal(text, &out.whole)
		out.server, out.data, out.failure = a.Server, a.Data, a.Error
		in.got <- out
	}
	return len(r.Msgs)
}

// listen subscribes in an account as a client does.
func listen(t testing.TB, a *broker.Account, filter string) *mailbox {
	t.Helper()
	in := &mailbox{account: a, got: make(chan message, 4096)}
	in.sub = &broker.Sub{Subject: filter, SID: "1", Sink: in}
	if !a.Subscribe(nil, in.sub) {
		t.Fatalf("cannot subscribe to %q", filter)
	}
	t.Cleanup(func() { a.Unsubscribe(nil, in.sub) })
	return in
}

func (in *mailbox) next(t testing.TB) message {
	t.Helper()
	select {
	case m := <-in.got:
		return m
	case <-time.After(limit):
		t.Fatal("nothing came")
		return message{}
	}
}

// silent checks that nothing waits.
func (in *mailbox) silent(t testing.TB) {
	t.Helper()
	select {
	case m := <-in.got:
		t.Errorf("got %s on %s", m.body, m.subject)
	default:
	}
}

// post publishes as a client, or as what origin says, and returns the number of deliveries.
func post(a *broker.Account, from *broker.Origin, to, reply, head, body string) int {
	if from == nil {
		from = &broker.Origin{Kind: broker.Client}
	}
	b := broker.Begin()
	defer b.End(0)
	m := broker.Msg{Reply: []byte(reply), HeaderLen: -1, Body: []byte(head + body)}
	if head != "" {
		m.HeaderLen, m.HeaderTok = len(head), []byte(strconv.Itoa(len(head)))
	}
	m.SizeTok = []byte(strconv.Itoa(len(m.Body)))
	return a.Publish(b, &broker.Run{Subject: []byte(to), From: from, Msgs: []broker.Msg{m}})
}

// ask asks in an account and returns the first answer. It is nil when there is none: the services have
// answered what was asked after it.
func (h *house) ask(t testing.TB, a *broker.Account, to, body string, head ...string) *message {
	t.Helper()
	in := listen(t, a, "reply")
	defer a.Unsubscribe(nil, in.sub)
	after := listen(t, h.sys, "after")
	defer h.sys.Unsubscribe(nil, after.sub)
	block := ""
	if len(head) == 2 {
		block = string(header.AppendEnd(header.AppendField(header.AppendStart(nil), head[0], head[1])))
	}
	if post(a, nil, to, "reply", block, body) == 0 {
		t.Errorf("nobody answers on %s", to)
	}
	h.settle(t, after)
	select {
	case m := <-in.got:
		in.silent(t)
		return &m
	default:
		return nil
	}
}

// settle waits until all lanes have done what was asked before.
func (h *house) settle(t testing.TB, in *mailbox) {
	t.Helper()
	for _, l := range []*lane{&h.quick, &h.guests, &h.control, &h.profile} {
		l.push(h.setup.Tasks, job{do: func(context.Context) { in.got <- message{} }})
		in.next(t)
	}
}
