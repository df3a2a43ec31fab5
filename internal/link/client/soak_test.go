package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"natsd/internal/auth"
	"natsd/internal/buffer"
	"natsd/internal/conn"
)

// Many clients at once over real sockets: whoever reads gets everything once and in order, whatever others
// do beside it.

const (
	soakSubjects   = 5
	soakPublishers = 4
	soakPending    = 16 << 20
	soakConf       = `max_pending: 16MB
		authorization { users: [{user: u, password: p, permissions: {publish: "s.*", subscribe: {allow: ["s.>", "*.*"], deny: "s.no.>"}}}] }`
)

// pattern is what messages are filled with.
var pattern = bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz+"), 1000)

// number is what a message says of itself: which one it is of its publisher, and of that one on its subject.
type number struct{ from, subject, of, on int }

// letter is a message as it is published.
func letter(r *rand.Rand, n number) string {
	text := fmt.Sprintf("%d %d %d %d ", n.from, n.subject, n.of, n.on)
	text += string(pattern[n.of%37:][:[]int{0, 0, 20, 100, 900, 1100, 3000, 20_000}[r.IntN(8)]])
	if n.from%2 == 1 {
		const head = "NATS/1.0\r\nA: b\r\n\r\n"
		return fmt.Sprintf("HPUB s.%d %d %d\r\n%s%s\r\n", n.subject, len(head), len(head)+len(text), head, text)
	}
	return fmt.Sprintf("PUB s.%d %d\r\n%s\r\n", n.subject, len(text), text)
}

// read takes the numbers from a body and checks that it is whole.
func (n *number) read(body []byte) error {
	f := bytes.SplitN(body, []byte(" "), 5)
	if len(f) < 5 {
		return fmt.Errorf("body %.80q", body)
	}
	for i, p := range []*int{&n.from, &n.subject, &n.of, &n.on} {
		var err error
		if *p, err = strconv.Atoi(string(f[i])); err != nil {
			return err
		}
	}
	if !bytes.HasPrefix(pattern[n.of%37:], f[4]) {
		return fmt.Errorf("body of %+v is damaged", *n)
	}
	return nil
}

// flow is what comes by one subscription.
type flow struct {
	whole bool // it was there before the first message
	queue bool // it gets some of the messages only
	msgs  int
	of    [soakPublishers]int // numbers that came last
	on    [soakPublishers][soakSubjects]int
}

// take checks that n is what has to come next: what a publisher sends on one subject comes without a gap, and
// all that it sends in the order in which it was sent.
func (x *flow) take(n number) error {
	on := &x.on[n.from][n.subject]
	switch {
	case n.of <= x.of[n.from]:
		return fmt.Errorf("%+v comes after %d", n, x.of[n.from])
	case (*on != 0 || x.whole) && !x.queue && n.on != *on+1:
		return fmt.Errorf("%+v comes after %d on its subject", n, *on)
	}
	x.msgs++
	*on, x.of[n.from] = n.on, n.of
	return nil
}

// reader is a client that reads.
type reader struct {
	*peer

	name string
	slow bool
	want int // messages, if not negative

	mu    sync.Mutex
	flows map[string]*flow // by subscription
	err   error
}

// reader connects a client.
func (h *house) reader(name string, secured bool) *reader {
	h.t.Helper()
	p := h.dial()
	if name == "slow" { // so that much is sent in pieces
		_ = p.Conn.(*net.TCPConn).SetReadBuffer(256 << 10)
	}
	if secured {
		p.secure()
	}
	p.say(`CONNECT {"verbose":false,"pedantic":false,"headers":true,"user":"u","pass":"p"}` + "\r\nPING\r\n")
	p.expect("PONG")
	_ = p.SetDeadline(time.Now().Add(10 * patience))
	return &reader{peer: p, name: name, want: -1, flows: map[string]*flow{}}
}

func (c *reader) subscribe(filter, queue, sid string, whole bool) {
	c.mu.Lock()
	c.flows[sid] = &flow{whole: whole, queue: queue != ""}
	c.mu.Unlock()
	_, _ = io.WriteString(c, "SUB "+words(filter, queue, sid)+"\r\n")
}

// listen reads and checks until the answer to PING comes.
func (c *reader) listen(each func(number, *flow)) error {
	for msgs := 0; ; {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return err
		}
		f := strings.Fields(line)
		switch {
		case line == "PONG\r\n":
			return nil
		case line == "PING\r\n":
			continue
		case len(f) < 4 || f[0] != "MSG" && f[0] != "HMSG":
			return fmt.Errorf("line %.200q", line)
		}
		size, head := 0, 0
		if size, err = strconv.Atoi(f[len(f)-1]); err == nil && f[0] == "HMSG" {
			head, err = strconv.Atoi(f[len(f)-2])
		}
		if err != nil {
			return err
		}
		body := make([]byte, size+2)
		if _, err := io.ReadFull(c.in, body); err != nil {
			return err
		}
		var n number
		if err := n.read(body[head:size]); err != nil {
			return err
		}
		c.mu.Lock()
		x := c.flows[f[2]]
		c.mu.Unlock()
		if x == nil || f[1] != fmt.Sprintf("s.%d", n.subject) {
			return fmt.Errorf("%+v on %s for subscription %s", n, f[1], f[2])
		}
		if err := x.take(n); err != nil {
			return fmt.Errorf("subscription %s: %w", f[2], err)
		}
		each(n, x)
		if msgs++; c.slow && msgs%16 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// churn makes and ends subscriptions until ctx ends.
func (c *reader) churn(ctx context.Context, r *rand.Rand, queue string) {
	for sid := 1; ctx.Err() == nil; sid++ {
		name := fmt.Sprintf("c%d", sid)
		c.subscribe([]string{"s.>", "s.*", "*.1", "s.2", "*.*"}[r.IntN(5)], queue, name, false)
		if r.IntN(3) == 0 && queue == "" {
			_, _ = fmt.Fprintf(c, "UNSUB %s %d\r\n", name, 1+r.IntN(200))
		}
		time.Sleep(time.Duration(r.IntN(3000)) * time.Microsecond)
		_, _ = fmt.Fprintf(c, "UNSUB %s\r\n", name)
	}
}

// publish sends msgs messages in reads of all sizes, runs among them, and waits until the server has them.
func (c *reader) publish(r *rand.Rand, from, msgs int) error {
	n := number{from: from}
	var on [soakSubjects]int
	for n.of < msgs {
		var text strings.Builder
		for range 1 + r.IntN(6) {
			n.subject = r.IntN(soakSubjects)
			for range 1 + r.IntN(20)*r.IntN(5) {
				if n.of++; n.of > msgs {
					break
				}
				on[n.subject]++
				n.on = on[n.subject]
				text.WriteString(letter(r, n))
			}
		}
		if _, err := io.WriteString(c, text.String()); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(c, "PING\r\n"); err != nil {
		return err
	}
	return c.listen(func(number, *flow) {})
}

// TestSoak lets publishers send to readers of all kinds: steady ones, members of a queue group, some who come
// and go, one who is slow and two who do not read at all, while connections are looked at, renewed and decided
// on again. NATSD_SOAK=1 makes it long.
func TestSoak(t *testing.T) {
	t.Parallel()
	msgs := 4000
	switch {
	case os.Getenv("NATSD_SOAK") == "1":
		msgs = 100_000
	case racing:
		msgs = 2500
	}
	for name, conf := range map[string]string{"TCP": "", "TLS": tlsBlock(t, "")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			soak(t, soakConf+conf, conf != "", msgs)
		})
	}
}

func soak(t *testing.T, conf string, secured bool, msgs int) {
	h := open(t, conf)
	all := msgs * soakPublishers
	var readers []*reader
	add := func(name, filter, queue string) *reader {
		c := h.reader(name, secured)
		if filter != "" {
			c.subscribe(filter, queue, "1", true)
		}
		readers = append(readers, c)
		return c
	}
	add("steady", "s.>", "").want = all
	twice := add("twice", "s.*", "")
	twice.subscribe("*.*", "", "2", true)
	twice.want = 2 * all
	add("slow", "s.>", "").slow = true
	for range 3 {
		add("member", "s.>", "q")
	}
	churning, more, member := add("churning", "", ""), add("churning too", "", ""), add("member for a while", "", "")
	for _, c := range readers {
		c.sync()
	}
	var stuck []uint64
	for range 2 {
		c := h.reader("stuck", secured)
		c.subscribe("s.>", "", "1", true)
		c.sync()
		stuck = append(stuck, h.newest())
	}

	grouped := make([][]atomic.Int32, soakPublishers) // how often members of the group got a message
	for i := range grouped {
		grouped[i] = make([]atomic.Int32, msgs+1)
	}
	var listening sync.WaitGroup
	for _, c := range readers {
		listening.Go(func() {
			c.err = c.listen(func(n number, x *flow) {
				if x.queue {
					grouped[n.from][n.of].Add(1)
				}
			})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var busy, publishing sync.WaitGroup
	busy.Go(func() { churning.churn(ctx, rand.New(rand.NewPCG(1, 1)), "") })
	busy.Go(func() { more.churn(ctx, rand.New(rand.NewPCG(1, 2)), "") })
	busy.Go(func() { member.churn(ctx, rand.New(rand.NewPCG(1, 3)), "q") })
	most := 0
	busy.Go(func() { most = h.disturb(ctx, conf) })
	for i := range soakPublishers {
		c := h.reader("publisher", secured)
		publishing.Go(func() {
			if err := c.publish(rand.New(rand.NewPCG(2, uint64(i))), i, msgs); err != nil {
				t.Errorf("publisher %d: %v", i, err)
			}
		})
	}
	publishing.Wait()
	cancel()
	busy.Wait()
	for _, c := range readers {
		_, _ = io.WriteString(c, "PING\r\n")
	}
	listening.Wait()

	h.judge(readers, grouped)
	limit := soakPending + soakPublishers*3*buffer.Max // each may have one run under way
	if most > limit {
		t.Errorf("%d bytes were waiting for a client", most)
	}
	for _, id := range stuck {
		if why := h.reason(id); why != conn.SlowConsumerPendingBytes.String() {
			t.Errorf("who does not read ended with %q", why)
		}
	}
	told := regexp.MustCompile(`Slow Consumer Detected.*pending=(\d+)`).FindAllStringSubmatch(h.log.String(), -1)
	if len(told) < len(stuck) {
		t.Errorf("%d are said to be slow", len(told))
	}
	for _, f := range told {
		if n, _ := strconv.Atoi(f[1]); n <= soakPending || n > limit {
			t.Errorf("ended with %d bytes pending", n)
		}
	}
}

// newest is the id of the connection that was made last.
func (h *house) newest() uint64 {
	id := uint64(0)
	for c := range h.registry.All() {
		id = max(id, c.ID)
	}
	return id
}

// disturb looks at connections, moves them to other goroutines and decides again on what they may do, until
// ctx ends. It returns the most bytes that have waited for one.
func (h *house) disturb(ctx context.Context, conf string) (most int) {
	r := rand.New(rand.NewPCG(3, 3))
	again := options(h.t, conf)
	a, err := auth.New(again, nil)
	if err != nil {
		h.t.Error(err)
		return 0
	}
	sets := []*Settings{h.Settings(), NewSettings(again, a, h.Settings().Info)}
	for i := 0; ctx.Err() == nil; i++ {
		for c := range h.registry.All() {
			c.Out.Lock()
			most = max(most, c.Out.PendingLocked())
			c.Out.Unlock()
			if r.IntN(4) == 0 {
				c.Renew()
				_ = c.Status()
				_ = c.Session().Subscriptions(3)
			}
		}
		if i%20 == 0 {
			h.Apply(sets[i/20%2])
			if effects := h.Settle(ctx); len(effects) > 0 {
				h.t.Errorf("the same rights have the effects %+v", effects)
			}
		}
		time.Sleep(500 * time.Microsecond)
	}
	return most
}

// judge checks what readers got.
func (h *house) judge(readers []*reader, grouped [][]atomic.Int32) {
	t := h.t
	for _, c := range readers {
		msgs := 0
		for _, x := range c.flows {
			msgs += x.msgs
		}
		switch {
		case c.slow && (errors.Is(c.err, io.EOF) || errors.Is(c.err, syscall.ECONNRESET)):
			t.Logf("%s: ended after %d messages", c.name, msgs)
		case c.err != nil:
			t.Errorf("%s: %v after %d messages", c.name, c.err, msgs)
		case c.want >= 0 && msgs != c.want:
			t.Errorf("%s: %d messages of %d", c.name, msgs, c.want)
		case msgs == 0:
			t.Errorf("%s: no messages: the test has not shown much", c.name)
		}
	}
	for from := range grouped {
		for of := range grouped[from] {
			if n := grouped[from][of].Load(); of > 0 && n != 1 {
				t.Errorf("message %d of publisher %d came %d times in the group", of, from, n)
				return
			}
		}
	}
}
