package route

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"natsd/internal/broker"
)

const nopool = `cluster { name: C1, port: -1, pool_size: -1, compression: off }`

// taker is a local subscriber.
type taker chan string

func (k taker) Deliver(_ *broker.Batch, s *broker.Sub, r *broker.Run) int {
	for i := range r.Msgs {
		k <- fmt.Sprintf("%s %s %s %s", s.SID, r.Subject, r.Msgs[i].Reply, r.Msgs[i].Body)
	}
	return len(r.Msgs)
}

func (k taker) next(t *testing.T) string {
	t.Helper()
	select {
	case got := <-k:
		return got
	case <-time.After(patience):
		t.Fatal("no message")
		return ""
	}
}

func TestInterestBothWays(t *testing.T) {
	t.Parallel()
	h := newHost(t, nopool)
	local := taker(make(chan string, 10))
	before := &broker.Sub{Subject: "before", SID: "1", Sink: local}
	h.account.Subscribe(nil, before)
	w := h.accept(t)
	w.want("INFO ")
	w.say(connectLine, fmt.Sprintf(infoLine, ""))
	w.want("RS+ $G before")
	q := &broker.Sub{Subject: "work", Queue: "q", SID: "2", Sink: local}
	h.account.Subscribe(nil, q)
	w.want("RS+ $G work q 1")
	h.account.Unsubscribe(nil, q)
	w.want("RS- $G work q")

	w.say("RMSG $G before rep 2", "hi", "RMSG NOACC before 1", "x", "RMSG $G nobody 1", "x")
	if got := local.next(t); got != "1 before rep hi" {
		t.Errorf("got %q", got)
	}
	w.say("RS+ $G far", "RS+ $G far.* q 3", "LS+ LEAF $G leaf", "RS+ LATER x", "RS+ $G far..x", "PING")
	w.want("-ERR 'Invalid Subscription'")
	w.want("PONG")
	if n := h.account.Index().Len(); n != 4 {
		t.Errorf("%d subscriptions in the index", n)
	}
	later := h.Broker.Open("LATER") // what was wanted of it counts now
	if n := later.Index().Len(); n != 1 {
		t.Errorf("%d subscriptions in the new account", n)
	}
	w.say("LS- LEAF $G leaf", "RS- $G far", "RS- $G never", "PING")
	w.want("PONG")
	if n := h.account.Index().Len(); n != 2 {
		t.Errorf("%d subscriptions in the index after RS-", n)
	}
	_ = w.Close()
	eventually(t, "end of the interest", func() bool { return h.account.Index().Len() == 1 && later.Index().Len() == 0 && h.Up() == 0 })
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func TestPinnedAccount(t *testing.T) {
	t.Parallel()
	h := newHost(t, `accounts { ACC {} }, cluster { name: C1, port: -1, accounts: [ACC], compression: off }`)
	h.Broker.Account("ACC").Subscribe(nil, &broker.Sub{Subject: "foo", SID: "1", Sink: taker(make(chan string, 1))})
	w := h.accept(t)
	w.want("INFO ")
	w.say(connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":3,"route_account":"ACC"`))
	w.want("RS+ foo")
	again := h.accept(t)
	again.want("INFO ")
	again.say(connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":3,"route_account":"ACC"`))
	if line, err := again.hear(); err == nil {
		t.Errorf("a second connection for the account: %q", line)
	}
	other := h.accept(t)
	other.want("INFO ")
	other.say(connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":3,"route_account":"NO"`))
	other.want(`-ERR 'No route for account "NO"'`)
	bad := h.accept(t)
	bad.want("INFO ")
	bad.say(connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":3,"route_pool_idx":7`))
	bad.want(`-ERR 'Invalid route pool index: 7 - pool size is 3'`)
	old := h.accept(t)
	old.want("INFO ")
	old.say(connectLine, fmt.Sprintf(infoLine, `,"route_account":"ACC"`))
	old.want(`-ERR 'Not possible to have a dedicated route for account "ACC" between those servers'`)
}

// Numbers of another server are believed as far as that makes sense.
func TestUnreasonablePools(t *testing.T) {
	t.Parallel()
	h := newHost(t, `accounts { ACC {} }, cluster { name: C1, port: -1, accounts: [ACC], compression: off }`)
	for _, size := range []string{"9223372036854775807", "4294967296", "1025"} {
		w := h.accept(t)
		w.want("INFO ")
		w.say(connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":`+size))
		w.want("-ERR 'Invalid route pool size: " + size)
	}
	w := h.accept(t)
	w.join(`,"route_pool_size":3`)
	for _, size := range []string{"9223372036854775807", "4294967296", "-1"} {
		w.say(`INFO {"route_account":"ACC","route_acc_add_reqid":"id","route_pool_size":` + size + `}`)
		w.want("INFO {")
	}
}

// Nothing counts before the other server has said who it is.
func TestOperationsBeforeInfo(t *testing.T) {
	t.Parallel()
	h := newHost(t, nopool)
	local := taker(make(chan string, 1))
	h.account.Subscribe(nil, &broker.Sub{Subject: "foo", SID: "1", Sink: local})
	for _, op := range []string{"RS+ $G foo", "RS- $G foo", "LS+ O $G foo q 1", "RMSG $G foo 2\r\nhi", "LMSG O $G foo 0 2\r\nhi"} {
		w := h.accept(t)
		w.want("INFO ")
		w.say(connectLine, op, "PING")
		if line, err := w.hear(); err == nil {
			t.Errorf("%q is answered with %q", op, line)
		}
	}
	if n := h.account.Index().Len(); n != 1 || len(local) > 0 {
		t.Errorf("%d subscriptions, %d messages", n, len(local))
	}
}

// A server that was let in by a password that is not good any more does not become a route.
func TestPasswordChangesDuringHandshake(t *testing.T) {
	t.Parallel()
	const conf = `cluster { name: C1, port: -1, pool_size: -1, compression: off, authorization { user: u, password: %s } }`
	h := newHost(t, fmt.Sprintf(conf, "old"))
	var late, same *far
	for _, w := range []**far{&late, &same} {
		*w = h.accept(t)
		(*w).want("INFO ")
		(*w).say(`CONNECT {"user":"u","pass":"old","name":"NPEER","cluster":"C1"}`, "PING")
		(*w).want("PONG")
	}
	h.reload(t, fmt.Sprintf(conf, "old")+", ping_max: 3") // not the same settings, but the same password
	same.say(fmt.Sprintf(infoLine, ""), "PING")
	same.want("PONG")
	h.reload(t, fmt.Sprintf(conf, "new"))
	late.say(fmt.Sprintf(strings.Replace(infoLine, "NPEER", "NLATE", 1), ""), "PING")
	late.want("-ERR 'Authorization Violation'")
	eventually(t, "end of both", func() bool { return h.Up() == 0 })
}

// However many subscriptions and groups there are at the other server, it gets one message, and sending it
// allocates nothing.
func TestForwardingAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates")
	}
	h := newHost(t, nopool)
	w := h.accept(t)
	w.join("")
	w.say("RS+ $G foo", "RS+ $G *", "RS+ $G foo q 2", "RS+ $G > r 1", "PING")
	w.want("PONG")
	lines := make(chan string, 1<<16)
	h.Tasks.Go("read", func(ctx context.Context) {
		for {
			line, err := w.hear()
			if err != nil || ctx.Err() != nil {
				close(lines)
				return
			}
			select {
			case lines <- line:
			default:
			}
		}
	})
	o := &broker.Origin{Kind: broker.Client}
	b := broker.Begin()
	b.Msgs[0] = broker.Msg{Body: []byte("hello"), HeaderLen: -1, SizeTok: []byte("5"), Reply: []byte("rep")}
	run := broker.Run{Subject: []byte("foo"), From: o, Msgs: b.Msgs[:1]}
	publish := func() {
		if n := h.account.Publish(b, &run); n != 1 {
			t.Errorf("%d messages", n)
		}
		b.Flush()
	}
	publish()
	if n := testing.AllocsPerRun(200, publish); n != 0 {
		t.Errorf("%v allocations per message", n)
	}
	b.End(0)
	line := <-lines
	if f := strings.Fields(line); len(f) != 8 || f[0] != "RMSG" || f[3] != "+" || f[4] != "rep" {
		t.Errorf("got %q", line)
	}
	_ = w.Close()
}

// counting is a local subscriber that says when it has got so many.
type counting struct {
	n, whole int
	done     chan struct{}
}

func (c *counting) Deliver(_ *broker.Batch, _ *broker.Sub, r *broker.Run) int {
	if c.n += len(r.Msgs); c.n >= c.whole {
		c.n -= c.whole
		c.done <- struct{}{}
	}
	return len(r.Msgs)
}

// What another server sends costs no garbage either: runs, groups, headers, subjects in turn.
func TestReceivingAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates")
	}
	h := newHost(t, nopool)
	const times = 50
	local := &counting{whole: 6 * times, done: make(chan struct{}, 1)}
	for _, s := range []*broker.Sub{
		{Subject: "foo.*", SID: "1"}, {Subject: "foo.a", Queue: "q", SID: "2"}, {Subject: "*.a", Queue: "q", SID: "3"}, {Subject: ">", Queue: "r", SID: "4"},
	} {
		s.Sink = local
		h.account.Subscribe(nil, s)
	}
	w := h.accept(t)
	w.want("INFO ")
	w.say(connectLine, fmt.Sprintf(infoLine, ""), "PING")
	for range 4 {
		w.want("RS+ $G ")
	}
	w.want("PONG")
	text := []byte(strings.Repeat("RMSG $G foo.a 2\r\nhi\r\nRMSG $G foo.a rep 2\r\nho\r\nRMSG $G foo.b + rep q r 2\r\nhi\r\nHMSG $G foo.a | q 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", times))
	send := func() {
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		<-local.done
	}
	send()
	if n := testing.AllocsPerRun(100, send); n != 0 {
		t.Errorf("%v allocations for %d messages", n, 4*times)
	}
	_ = w.Close()
}

// A client that publishes more than a route takes waits for it, or loses messages where it must not wait;
// nothing holds up other publishers.
func TestPublishersWaitForRoutes(t *testing.T) {
	t.Parallel()
	const size, stall = 1 << 20, 200 * time.Millisecond
	body := make([]byte, size)
	for conf, want := range map[string]struct {
		from  broker.Kind
		again int // messages that are taken once the route is nearly full
		waits bool
	}{
		"": {broker.Client, 1, true}, "\n": {broker.Internal, 1, false},
		"no_fast_producer_stall: true\n": {broker.Client, 0, false},
	} {
		h := newHost(t, "max_pending: 32MB\n"+conf+nopool)
		w := h.accept(t)
		w.join("")
		w.say("RS+ $G foo", "PING")
		w.want("PONG")
		publish := func(msgs int) (taken int, waited bool) {
			b := broker.Begin()
			for i := range msgs {
				b.Msgs[i] = broker.Msg{Body: body, HeaderLen: -1, SizeTok: []byte(strconv.Itoa(size))}
			}
			r := &broker.Run{Subject: []byte("foo"), From: &broker.Origin{Kind: want.from}, Msgs: b.Msgs[:msgs]}
			taken = h.account.Publish(b, r)
			return taken, b.End(stall)
		}
		if taken, waited := publish(broker.RunMax); taken != broker.RunMax || waited != want.waits {
			t.Errorf("%q: %d messages taken, waited %v", conf, taken, waited)
		}
		eventually(t, "publisher that is held up as it should", func() bool { // the last flush may still be at work
			taken, waited := publish(1)
			return taken == want.again && waited == want.waits
		})
		_ = w.Close()
	}
}

// What a route has been given counts as what a subscriber has: much of it is not kept for another read.
func TestMuchForARouteIsNotKept(t *testing.T) {
	t.Parallel()
	h := newHost(t, nopool)
	w := h.accept(t)
	w.join("")
	w.say("RS+ $G foo", "PING")
	w.want("PONG")
	for size, want := range map[int]bool{100: true, 40 << 10: false} {
		b := broker.Begin()
		b.Msgs[0] = broker.Msg{Body: make([]byte, size), HeaderLen: -1, SizeTok: []byte(strconv.Itoa(size))}
		r := &broker.Run{Subject: []byte("foo"), From: &broker.Origin{Kind: broker.Client}, Msgs: b.Msgs[:1]}
		if n := h.account.Publish(b, r); n != 1 {
			t.Errorf("%d messages", n)
		}
		b.Taken() // the read has ended
		if got := b.Another(); got != want {
			t.Errorf("%d bytes: another read into the same batch: %v, want %v", size, got, want)
		}
		b.End(0)
	}
	_ = w.Close()
}

// Whatever another server sends, and whenever in the handshake, the server stands, and nothing of it is
// left when the connection is gone.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"CONNECT {}\r\n", "INFO {}\r\n", connectLine + "\r\n", fmt.Sprintf(infoLine, "") + "\r\nRS+ $G foo\r\n",
		"RS+ $G foo q 3\r\nRS- $G foo q\r\nRMSG $G foo | q 2\r\nhi\r\n", "LS+ O $G foo\r\nLMSG O $G foo 0 1\r\nx\r\n",
		`INFO {"server_id":"","route_account":"ACC","route_pool_size":3,"route_acc_add_reqid":"x"}` + "\r\n",
		`INFO {"server_id":"NOTHER","ip":"nats-route://127.0.0.1:1/","cluster":"C1"}` + "\r\n",
		"\xff\x06\x00\x00S2sTwO\x01\x0a\x00\x00....PING\r\n", "PING\r\nPONG\r\n-ERR 'x'\r\n", "RS+ foo\r\nRMSG foo 1\r\nx\r\n",
	} {
		for state := range byte(6) {
			f.Add([]byte(s), state)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, state byte) {
		h := newHost(t, `accounts { ACC {} }, cluster { name: C1, port: -1, accounts: [ACC], compression: s2_fast }`)
		w := h.accept(t)
		h.Tasks.Go("drain", func(context.Context) {
			for {
				if _, err := w.hear(); err != nil {
					return
				}
			}
		})
		before := map[byte][]string{
			1: {connectLine},
			2: {connectLine, fmt.Sprintf(infoLine, "")},
			3: {connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":3,"compression":"off"`)},
			4: {connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":3,"route_account":"ACC"`)},
			5: {connectLine, fmt.Sprintf(infoLine, `,"route_pool_size":3,"compression":"s2_fast"`)},
		}[state%6]
		if before != nil {
			w.say(before...)
			<-time.After(time.Millisecond) // what follows an INFO that switches must not come with it
		}
		_ = w.SetWriteDeadline(time.Now().Add(patience))
		_, _ = w.Write(in)
		_ = w.Close()
		eventually(t, "end of the connection and of all that it has brought", func() bool {
			left := h.Registry.Len() + h.Up() + h.Remotes()
			for _, a := range h.Broker.Accounts() {
				left += a.Index().Len()
			}
			return left == 0
		})
	})
}
