package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/buffer"
	"natsd/internal/conn"
	"natsd/internal/status"
	"natsd/internal/task"
)

// Where scripts are played: sessions on transports that the test serves itself, one read at a time, so
// that everything but the choice among the members of a queue group is decided by the script.

// scene is one configuration, for the server and for the model.
type scene struct {
	*Settings

	users   map[string]*right
	payload int
	subs    int // that one client may have; 0 is any number
	pending int
}

// right is what a user may do.
type right struct {
	account string
	rules
	answers bool // allow_responses, with answersPerRequest
	text    string
}

const answersPerRequest = 2

// accounts are those of every scene.
var accounts = []string{"A", "B"}

// newScenes makes configurations with rights drawn by chance, the same at every call.
func newScenes(t testing.TB, n int) []*scene {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]*scene, n)
	for i := range out {
		s := &scene{users: map[string]*right{"free": {account: "A"}, "other": {account: "B"}}, payload: 4000, pending: []int{8 << 10, 40 << 10}[i%2]}
		s.users["some"] = &right{account: "A", rules: randomRules(r)}
		s.users["srv"] = &right{account: "A", rules: randomRules(r), answers: true}
		switch i % 6 {
		case 3:
			s.subs = 3
		case 4:
			delete(s.users, "some")
		case 5:
			s.payload = 1024
		}
		text := fmt.Sprintf("max_payload: %d\nmax_pending: %d\nauth_failure_delay { max: 0 }\n", s.payload, s.pending)
		if s.subs > 0 {
			text += fmt.Sprintf("max_subscriptions: %d\n", s.subs)
		}
		text += "accounts {\n"
		for _, name := range accounts {
			text += name + " { users: [\n"
			for user, x := range s.users {
				if x.account != name {
					continue
				}
				x.text = x.conf()
				if x.answers {
					x.text += fmt.Sprintf(", allow_responses: {max: %d}", answersPerRequest)
				}
				text += fmt.Sprintf("{user: %s, password: p, permissions: { %s }}\n", user, x.text)
				if x.answers && x.pubAllow == nil {
					x.pubAllow = []entry{}
				}
			}
			text += "] }\n"
		}
		o := options(t, text+"}\n")
		a, err := auth.New(o, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Settings = NewSettings(o, a, Info{ServerID: "N"})
		s.Conn.Stall = 0
		out[i] = s
	}
	return out
}

func randomRules(r *rand.Rand) rules {
	list := func(queues bool) []entry {
		if r.IntN(3) == 0 {
			return nil
		}
		var out []entry
		for range 1 + r.IntN(3) {
			e := entry{subject: []string{"a", "b", "a.a", "a.b", "b.a", "*", "a.*", "*.*", "a.>", ">", "in.*", "in.1"}[r.IntN(12)]}
			if queues {
				e.queue = []string{"", "", "q", "q.*", "*", "r", ">"}[r.IntN(7)]
			}
			out = append(out, e)
		}
		slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.String(), b.String()) })
		return slices.Compact(out)
	}
	out := rules{pubAllow: list(false), pubDeny: list(false), subAllow: list(true), subDeny: list(true)}
	if r.IntN(2) == 0 {
		out.pubDeny = nil
	}
	if r.IntN(2) == 0 {
		out.subDeny = nil
	}
	return out
}

// tap is a transport that keeps what is sent, unless it is shut: then it takes nothing.
type tap struct {
	discard

	mu   sync.Mutex
	text []byte
	shut chan struct{} // closed when the tap is opened again; nil while it is open
	gone bool
}

func (t *tap) Write(v [][]byte, wait bool) (int, error) {
	t.mu.Lock()
	shut := t.shut
	t.mu.Unlock()
	if shut != nil {
		if !wait {
			return 0, nil
		}
		<-shut
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return 0, io.ErrClosedPipe
	}
	n := 0
	for _, p := range v {
		t.text = append(t.text, p...)
		n += len(p)
	}
	return n, nil
}

// life is one connection of a client, and what is left of it.
type life struct {
	*Session

	tap   *tap
	why   conn.Reason
	out   []byte
	lost  bool // it ended while it did not read
	shuts int  // how often it has stopped to read
	msgs  int64
}

// stage plays one script.
type stage struct {
	link  *Link
	tasks *task.Group
	now   [actors]*life
	lives [actors][]*life
	plain bool // message by message, nothing remembered
	lent  []byte
	set   *scene
}

// perform plays s and returns the lives of its clients.
func perform(s *script, scenes []*scene, plain bool) ([actors][]*life, error) {
	tasks := task.New(context.Background(), nil)
	b := broker.New()
	for _, name := range accounts {
		b.Open(name)
	}
	st := &stage{tasks: tasks, plain: plain, link: New(b, conn.NewRegistry(1, nil), tasks, slog.New(slog.DiscardHandler), &tracer{})}
	st.apply(scenes[s.set])
	for i := range s.steps {
		st.do(&s.steps[i], scenes)
		st.bury()
	}
	for who := range st.now {
		st.leave(who)
	}
	tasks.Stop()
	tasks.Wait()
	var left []error
	for _, a := range b.Accounts() {
		if a.Clients() != 0 || a.Index().Len() != 0 {
			left = append(left, fmt.Errorf("account %s keeps %d clients, %d subscriptions", a.Name, a.Clients(), a.Index().Len()))
		}
	}
	return st.lives, errors.Join(left...)
}

func (st *stage) apply(s *scene) {
	st.set = s
	st.link.Apply(s.Settings)
}

func (st *stage) do(s *step, scenes []*scene) {
	switch {
	case s.reload:
		st.apply(scenes[s.set])
		st.link.Settle(context.Background())
	case s.tap:
		if l := st.now[0]; l != nil {
			l.turn()
		}
	case s.leave:
		st.leave(s.who)
	default:
		st.say(s)
	}
}

func (st *stage) say(s *step) {
	var parts []string
	if st.now[s.who] == nil {
		st.enter(s.who)
		parts = append(parts, s.hello.text())
	}
	for i := range s.deeds {
		parts = append(parts, s.deeds[i].text())
	}
	l := st.now[s.who]
	if st.plain {
		for _, p := range parts {
			l.origin.Forget()
			if !st.read(l, []byte(p)) {
				return
			}
		}
		return
	}
	text := []byte(strings.Join(parts, ""))
	for i := 0; len(text) > 0; i++ {
		n := 2 * buffer.Max
		if len(s.cuts) > 0 {
			n = s.cuts[min(i, len(s.cuts)-1)]
		}
		n = min(n, len(text))
		if !st.read(l, text[:n]) {
			return
		}
		text = text[n:]
	}
}

// enter makes a connection, as far as CONNECT.
func (st *stage) enter(who int) {
	c := conn.New(nowhere{}, st.link.registry, st.tasks, func() *conn.Settings { return &st.link.Settings().Conn })
	l := &life{Session: newSession(st.link, st.link.Settings(), c), tap: &tap{}}
	c.Start(l.Session, &status.Facts{CID: c.ID, Start: time.Now()})
	c.SetTransport(l.tap)
	st.now[who] = l
	st.lives[who] = append(st.lives[who], l)
}

// read is one read of a connection, as package conn does it. The bytes are somebody else's afterwards.
func (st *stage) read(l *life, p []byte) bool {
	st.lent = append(st.lent[:0], p...)
	b := broker.Begin()
	why := l.Consume(b, st.lent)
	b.End(0)
	for i := range st.lent {
		st.lent[i] ^= 0x80
	}
	if why != conn.Open {
		l.conn.Close(why)
	}
	return l.conn.Reason() == conn.Open
}

// turn opens or shuts the tap.
func (l *life) turn() {
	l.tap.mu.Lock()
	if shut := l.tap.shut; shut != nil {
		l.tap.shut = nil
		l.tap.mu.Unlock()
		close(shut)
		l.drain()
		return
	}
	l.tap.shut = make(chan struct{})
	l.shuts++
	l.tap.mu.Unlock()
}

// drain waits until everything is sent.
func (l *life) drain() {
	q := &l.conn.Out
	for {
		q.Lock()
		if q.PendingLocked() == 0 || q.ClosedLocked() {
			q.Unlock()
			return
		}
		drained := q.DrainedLocked()
		q.Unlock()
		<-drained
	}
}

// leave ends the connection of a client from its side, once it has read everything.
func (st *stage) leave(who int) {
	l := st.now[who]
	if l == nil {
		return
	}
	if l.tap.shut != nil {
		l.turn()
	}
	l.conn.Close(conn.ClientClosed)
	st.bury()
}

// bury does for connections that have ended what package conn does. Those that do not read lose what waits
// for them.
func (st *stage) bury() {
	for who, l := range st.now {
		if l == nil || l.conn.Reason() == conn.Open {
			continue
		}
		st.now[who] = nil
		l.why = l.conn.Reason()
		l.Farewell(l.why)
		if l.lost = l.tap.shut != nil; !l.lost {
			l.conn.Flush()
			l.drain()
		}
		l.Closed(l.why)
		l.conn.Out.Close()
		l.tap.mu.Lock()
		l.out, l.tap.gone = l.tap.text, true
		if l.lost {
			close(l.tap.shut)
		}
		l.tap.mu.Unlock()
		l.msgs = l.conn.Status().OutMsgs
	}
}

// frame is what a client is sent at once: a line, or a message with its line.
type frame struct {
	text  string
	sid   string // empty for lines that are no messages
	id    int    // of the message; 0 for those of the server
	after int    // messages before it
}

// frames takes apart what a client was sent.
func (l *life) frames() ([]frame, error) {
	text, out, msgs := string(l.out), []frame(nil), 0
	if err := wellFormed(text); err != nil {
		return nil, err
	}
	for text != "" {
		line, rest, _ := strings.Cut(text, "\r\n")
		f := frame{text: line, after: msgs}
		if strings.HasPrefix(line, "MSG ") || strings.HasPrefix(line, "HMSG ") {
			words := strings.Fields(line)
			size, err := strconv.Atoi(words[len(words)-1])
			if err != nil {
				return nil, err
			}
			f.sid, f.text = words[2], text[:len(line)+2+size+2]
			if _, body, ok := strings.Cut(text[len(line)+2:len(line)+2+size], "#"); ok {
				number, _, _ := strings.Cut(body, "|")
				if f.id, err = strconv.Atoi(number); err != nil {
					return nil, err
				}
			}
			rest = rest[size+2:]
			msgs++
		}
		if text = rest; line != "PING" {
			out = append(out, f)
		}
	}
	return out, nil
}
