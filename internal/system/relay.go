package system

import (
	"strings"
	"sync"
	"time"

	"natsd/internal/broker"
	"natsd/internal/nuid"
	"natsd/internal/status"
)

// offered are the services that every account has, with its own name in the place of %.
var offered = []struct{ local, system string }{
	{"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.ACCOUNT.%.CONNZ"},
	{"$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.%.CONNZ"},
	{"$SYS.REQ.ACCOUNT.PING.STATZ", "$SYS.REQ.ACCOUNT.%.STATZ"},
}

func pinned(subject, account string) string { return strings.Replace(subject, "%", account, 1) }

// offer subscribes the services of an account in it.
func (s *Services) offer(a *broker.Account) {
	subscribe := func(filter string, sink broker.Sink) {
		a.Subscribe(nil, &broker.Sub{Subject: filter, SID: "0", Kind: broker.Internal, Private: true, Sink: sink})
	}
	subscribe(UserInfoSubject, &userInfo{s, a})
	if !token(a.Name) || a.Name == everyAccount {
		return // its name would mean something else in a subject
	}
	for _, o := range offered {
		subscribe(o.local, &relay{services: s, account: a, to: []byte(pinned(o.system, a.Name))})
	}
}

// Imports are the services that an account has without asking, as monitoring lists them.
func Imports(account, system string) []status.Import {
	if system == "" {
		return nil
	}
	var out []status.Import
	add := func(local, to string, share bool) {
		out = append(out, status.Import{
			Subject: pinned(to, account), Account: system, To: local, LocalSubject: local, Type: "service", Share: share,
		})
	}
	if account != system {
		for _, o := range offered {
			add(o.local, o.system, false)
		}
	}
	add(UserInfoSubject, "$SYS.REQ.USER.%.INFO", true)
	return out
}

// Exports are the services that the system account has for others, as monitoring lists them.
func Exports() []status.Export {
	return []status.Export{
		{Subject: "$SYS.REQ.ACCOUNT.*.CONNZ", Type: "service", ResponseType: "Streamed"},
		{Subject: "$SYS.REQ.ACCOUNT.*.STATZ", Type: "service", ResponseType: "Streamed"},
		{Subject: "$SYS.DEBUG.SUBSCRIBERS", Type: "service", ResponseType: "Singleton"},
		{Subject: "$SYS.REQ.USER.*.INFO", Type: "service", ResponseType: "Singleton"},
	}
}

// relay takes the requests of one account to the system account.
type relay struct {
	services *Services
	account  *broker.Account
	to       []byte // subject in the system account
}

// Deliver implements [broker.Sink].
func (y *relay) Deliver(b *broker.Batch, sub *broker.Sub, r *broker.Run) int {
	sys := y.services.system.Load()
	if sys == nil || sys == y.account {
		return 0
	}
	for i := range r.Msgs {
		m := r.Msgs[i]
		if len(m.Reply) == 0 {
			continue
		}
		m.Reply = y.services.relays.issue(y.account, m.Reply, b.Now)
		sys.Publish(b, &broker.Run{Subject: y.to, From: &origin, Msgs: []broker.Msg{m}})
	}
	sub.Delivered.Add(int64(len(r.Msgs)))
	return len(r.Msgs)
}

// relayPrefix begins the reply of every request that comes from another account, whichever server it was
// made at.
const relayPrefix = "_R_."

// relayToken is the length of the parts of a reply subject of a relay.
const relayToken = 6

// Bounds of the replies that relays wait for. An answer may come until two periods after its request.
const (
	relayPeriod = 2 * time.Minute
	maxRelays   = 16384 // per period
)

// relays remembers where the answers to relayed requests go. All servers may answer a request, so that
// an entry is not used up by the first answer.
type relays struct {
	prefix string // of the reply subjects; immutable

	mu        sync.Mutex // a leaf
	young     map[string]route
	old       map[string]route
	turned    time.Time
	forgotten uint64 // entries that had to go before their time
}

// route is where an answer goes.
type route struct {
	account *broker.Account
	reply   string
}

// issue returns the subject on which answers for reply in an account are expected.
func (l *relays) issue(a *broker.Account, reply []byte, now time.Time) []byte {
	id := nuid.Token(relayToken)
	l.mu.Lock()
	defer l.mu.Unlock()
	if full := len(l.young) >= maxRelays; full || l.young == nil || now.Sub(l.turned) >= relayPeriod {
		if full {
			l.forgotten += uint64(len(l.old))
		}
		l.old, l.young, l.turned = l.young, make(map[string]route), now
	}
	l.young[id] = route{a, string(reply)}
	return append([]byte(l.prefix), id...)
}

// find returns where an answer on a subject goes.
func (l *relays) find(subject []byte) (route, bool) {
	id, ok := strings.CutPrefix(string(subject), l.prefix)
	if !ok {
		return route{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	to, ok := l.young[id]
	if !ok {
		to, ok = l.old[id]
	}
	return to, ok
}

// answers takes answers from the system account to who asked.
type answers struct{ services *Services }

// Deliver implements [broker.Sink].
func (x *answers) Deliver(b *broker.Batch, sub *broker.Sub, r *broker.Run) int {
	to, ok := x.services.relays.find(r.Subject)
	if !ok {
		return 0
	}
	sub.Delivered.Add(int64(len(r.Msgs)))
	msgs := make([]broker.Msg, len(r.Msgs))
	copy(msgs, r.Msgs)
	for i := range msgs {
		msgs[i].Reply = nil
	}
	return to.account.Publish(b, &broker.Run{Subject: []byte(to.reply), From: &origin, Msgs: msgs})
}
