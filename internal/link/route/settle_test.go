package route

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"natsd/internal/broker"
)

// stop holds up whoever asks it, once.
type stop struct {
	asked           atomic.Int32
	armed           atomic.Bool
	reached, goesOn chan struct{}
}

func newStop() *stop { return &stop{reached: make(chan struct{}), goesOn: make(chan struct{})} }

func (*stop) DebugOn() bool { return false }

func (s *stop) TraceOn() bool {
	s.asked.Add(1)
	if s.armed.CompareAndSwap(true, false) {
		close(s.reached)
		<-s.goesOn
	}
	return false
}

const (
	shared = `accounts { ACC {} }, cluster { name: C1, port: -1, compression: off }`
	pinned = `accounts { ACC {} }, cluster { name: C1, port: -1, compression: off, accounts: [ACC] }`
)

// inPool is where ACC belongs in a pool of three.
const inPool = `,"route_pool_size":3,"route_pool_idx":1`

// onAccount makes a host with a subscription in ACC, and a route that is about to be registered.
func onAccount(t *testing.T, conf string) (*host, *far, *stop) {
	t.Helper()
	h := newHost(t, conf)
	h.Broker.Account("ACC").Subscribe(nil, &broker.Sub{Subject: "foo", SID: "1", Sink: taker(make(chan string, 1))})
	at := newStop()
	h.Tracer = at
	w := h.accept(t)
	w.want("INFO ")
	w.say(connectLine, "PING")
	w.want("PONG")
	eventually(t, "a reader that waits", func() bool { return at.asked.Load() == 3 }) // greeting, reading, answering
	return h, w, at
}

// An account whose place is changed by a reload while a route is being registered is announced once, on
// the connection that carries it then.
func TestReloadWhileRegistering(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after, announced string }{
		"pinned":         {shared, pinned, "PONG"},
		"not any more":   {pinned, shared, "RS+ ACC foo"},
		"nothing of all": {shared, "ping_max: 3, " + shared, "RS+ ACC foo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, w, at := onAccount(t, c.before)
			at.armed.Store(true) // the read begins with the settings before
			w.say(fmt.Sprintf(infoLine, inPool), "PING")
			<-at.reached
			h.reload(t, c.after)
			close(at.goesOn)
			w.want(c.announced)
			if c.announced != "PONG" {
				w.want("PONG")
			}
		})
	}
}

// A connection for an account that is not for it alone any more does not become a route.
func TestUnpinnedWhileRegistering(t *testing.T) {
	t.Parallel()
	h, w, at := onAccount(t, pinned)
	at.armed.Store(true)
	w.say(fmt.Sprintf(infoLine, `,"route_pool_size":3,"route_account":"ACC"`))
	<-at.reached
	h.reload(t, shared)
	close(at.goesOn)
	w.want("-ERR 'No route for account \"ACC\"'")
}

// A reload waits until a route that is being announced has got all, before it asks for an account to move.
func TestReloadWhileAnnouncing(t *testing.T) {
	t.Parallel()
	one := strings.NewReplacer("compression", "pool_size: 1, compression")
	h, w, at := onAccount(t, one.Replace(shared))
	h.account.Subscribe(nil, &broker.Sub{Subject: "bar", SID: "1", Sink: taker(make(chan string, 1))}) // $G comes first
	set := settings(t, one.Replace(pinned))
	announcing := newStop()
	at.armed.Store(true)
	w.say(fmt.Sprintf(infoLine, `,"route_pool_size":1`))
	<-at.reached
	h.Tracer = announcing // only the reader, which stands, looks at it
	announcing.armed.Store(true)
	close(at.goesOn)
	<-announcing.reached
	old := h.Apply(set)
	done := make(chan struct{})
	h.Tasks.Go("reload", func(ctx context.Context) {
		h.Follow(ctx, old)
		close(done)
	})
	<-time.After(20 * time.Millisecond) // so that a reload that does not wait goes wrong
	close(announcing.goesOn)
	var move string
	var announced []string
	for range 3 {
		if move = w.want(""); strings.HasPrefix(move, "INFO ") {
			break
		}
		announced = append(announced, move)
	}
	if slices.Sort(announced); !slices.Equal(announced, []string{"RS+ $G bar", "RS+ ACC foo"}) {
		t.Errorf("before the request to move: %q", announced)
	}
	w.say(move[:len(move)-1] + `,"route_account":""}`)
	<-done
	w.say("PING")
	w.want("PONG")
}
