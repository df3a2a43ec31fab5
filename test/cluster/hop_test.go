package cluster

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"natsd/test/harness"
)

// Many clients of two servers at once: what is sent on one server comes on the other once and in order, and to
// one member of a queue group in all.

// hopSubjects is how many subjects a publisher uses, but for its last message.
const hopSubjects = 4

// filler is what messages are filled with.
var filler = bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz+"), 100)

// mark is what a message says of itself: which one it is of its publisher, and of that one on its subject.
type mark struct{ from, subject, of, on int }

func (m *mark) read(body []byte) error {
	f := bytes.SplitN(body, []byte(" "), 5)
	if len(f) < 5 {
		return fmt.Errorf("body %.80q", body)
	}
	for i, p := range []*int{&m.from, &m.subject, &m.of, &m.on} {
		var err error
		if *p, err = strconv.Atoi(string(f[i])); err != nil {
			return err
		}
	}
	if !bytes.HasPrefix(filler[m.of%37:], f[4]) {
		return fmt.Errorf("body of %+v is damaged", *m)
	}
	return nil
}

// hopFlow is what comes by one subscription.
type hopFlow struct {
	whole, queue bool // there before the first message; gets some of the messages
	msgs         int
	of           map[int]int    // number that came last, by publisher
	on           map[[2]int]int // by publisher and subject
}

func (x *hopFlow) take(m mark) error {
	on := [2]int{m.from, m.subject}
	switch last := x.on[on]; {
	case m.of <= x.of[m.from]:
		return fmt.Errorf("%+v comes after %d", m, x.of[m.from])
	case (last != 0 || x.whole) && !x.queue && m.on != last+1:
		return fmt.Errorf("%+v comes after %d on its subject", m, last)
	}
	x.msgs++
	x.on[on], x.of[m.from] = m.on, m.of
	return nil
}

// hopper is a client of one of the servers.
type hopper struct {
	*harness.Conn

	want int // messages; negative is any number

	mu    sync.Mutex
	flows map[string]*hopFlow // by subscription
	err   error
}

func (n *member) hopper(t *testing.T) *hopper {
	t.Helper()
	c, _ := harness.Client(t, n.Addr, `{"verbose":false,"pedantic":false,"headers":true}`)
	return &hopper{Conn: c, want: -1, flows: map[string]*hopFlow{}}
}

func (c *hopper) subscribe(filter, queue, sid string, whole bool) error {
	c.mu.Lock()
	c.flows[sid] = &hopFlow{whole: whole, queue: queue != "", of: map[int]int{}, on: map[[2]int]int{}}
	c.mu.Unlock()
	return c.Send(strings.Join(strings.Fields("SUB "+filter+" "+queue+" "+sid), " ") + "\r\n")
}

// listen reads and checks until the answer to PING comes.
func (c *hopper) listen(each func(mark, *hopFlow)) error {
	for {
		f, err := c.Next(2 * time.Minute)
		switch {
		case err != nil:
			return err
		case f.Verb == "PONG":
			return nil
		case f.Verb != "MSG" && f.Verb != "HMSG":
			continue
		}
		var m mark
		if err := m.read(f.Body); err != nil {
			return err
		}
		c.mu.Lock()
		x := c.flows[f.Args[1]]
		c.mu.Unlock()
		if x == nil || f.Args[0] != fmt.Sprintf("h.%d", m.subject) {
			return fmt.Errorf("%+v: %s", m, f.Line)
		}
		if err := x.take(m); err != nil {
			return fmt.Errorf("subscription %s: %w", f.Args[1], err)
		}
		each(m, x)
	}
}

// churn makes and ends subscriptions until ctx ends.
func (c *hopper) churn(ctx context.Context, r *rand.Rand) {
	for sid := 1; ctx.Err() == nil; sid++ {
		name := fmt.Sprintf("c%d", sid)
		if c.subscribe([]string{"h.>", "h.*", "*.1", "h.2"}[r.IntN(4)], "", name, false) != nil {
			return
		}
		<-time.After(time.Duration(r.IntN(4000)) * time.Microsecond)
		_ = c.Send("UNSUB " + name + "\r\n")
	}
}

// publish sends numbered messages in writes of all sizes, runs among them, and a last one that tells that all
// have come.
func (c *hopper) publish(r *rand.Rand, from, msgs int) error {
	m := mark{from: from}
	var on [hopSubjects]int
	for m.of < msgs {
		var text strings.Builder
		for range 1 + r.IntN(6) {
			m.subject = r.IntN(hopSubjects)
			for range 1 + r.IntN(20)*r.IntN(5) {
				if m.of++; m.of > msgs {
					break
				}
				on[m.subject]++
				m.on = on[m.subject]
				body := fmt.Sprintf("%d %d %d %d ", m.from, m.subject, m.of, m.on)
				body += string(filler[m.of%37:][:[]int{0, 0, 20, 100, 100, 900, 1100, 3000}[r.IntN(8)]])
				if from%2 == 1 {
					const head = "NATS/1.0\r\nA: b\r\n\r\n"
					fmt.Fprintf(&text, "HPUB h.%d %d %d\r\n%s%s\r\n", m.subject, len(head), len(head)+len(body), head, body)
				} else {
					fmt.Fprintf(&text, "PUB h.%d %d\r\n%s\r\n", m.subject, len(body), body)
				}
			}
		}
		if err := c.Send(text.String()); err != nil {
			return err
		}
	}
	last := fmt.Sprintf("%d %d %d 1 ", from, hopSubjects, msgs+1)
	if err := c.Send(fmt.Sprintf("PUB h.%d %d\r\n%s\r\nPING\r\n", hopSubjects, len(last), last)); err != nil {
		return err
	}
	return c.listen(func(mark, *hopFlow) {})
}

// TestHop sends from clients of two servers to steady ones, members of queue groups and some who come and go,
// on both.
func TestHop(t *testing.T) {
	t.Parallel()
	// This is about order: routes hold up nobody for readers that are behind.
	const conf = "max_pending: 512MB"
	for name, specs := range map[string][]spec{
		"plain": of(2, spec{conf: conf}), "compressed": of(2, spec{conf: conf, cluster: "compression: s2_fast"}),
		"one connection": of(2, spec{conf: conf, cluster: "pool_size: 1"}), "without pool": of(2, spec{conf: conf, cluster: "pool_size: -1"}),
		"with the peer": {{conf: conf}, {conf: conf, kind: harness.Peer}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hop(t, form(t, specs...), scale(2000, 30_000))
		})
	}
}

func hop(t *testing.T, m *mesh, msgs int) {
	const publishers = 4
	var all, churning []*hopper
	for _, n := range m.members {
		steady := n.hopper(t)
		steady.want = 2 * publishers * (msgs + 1)
		check(t, steady.subscribe("h.>", "", "1", true))
		check(t, steady.subscribe("*.*", "", "2", true))
		member := n.hopper(t)
		for _, queue := range []string{"q", "r"} {
			check(t, member.subscribe("h.*", queue, queue, true))
		}
		more := n.hopper(t)
		check(t, more.subscribe("h.>", "q", "q", true))
		guest := n.hopper(t)
		churning = append(churning, guest)
		all = append(all, steady, member, more, guest)
	}
	for _, c := range all {
		c.MustSend(t, "PING\r\n")
		c.Expect(t, "PONG")
	}
	for _, n := range m.members {
		eventually(t, "interest of the other at "+n.name, func() bool { return n.subs() == 5 })
	}

	seen := map[string][][]atomic.Int32{} // how often members of a group got a message
	for _, queue := range []string{"q", "r"} {
		for range publishers {
			seen[queue] = append(seen[queue], make([]atomic.Int32, msgs+2))
		}
	}
	var listening, publishing, guests, ends sync.WaitGroup
	ends.Add(publishers * len(m.members))
	for _, c := range all {
		q, r, steady := c.flows["q"], c.flows["r"], c.flows["1"]
		listening.Go(func() {
			left := 0
			if steady != nil {
				left = publishers
			}
			c.err = c.listen(func(m mark, x *hopFlow) {
				switch {
				case x == q:
					seen["q"][m.from][m.of].Add(1)
				case x == r:
					seen["r"][m.from][m.of].Add(1)
				case x == steady && m.subject == hopSubjects:
					left--
					ends.Done()
				}
			})
			for range left { // nobody waits for what will not come
				ends.Done()
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i, c := range churning {
		guests.Go(func() { c.churn(ctx, rand.New(rand.NewPCG(1, uint64(i)))) })
	}
	for i := range publishers {
		c := m.members[i/2].hopper(t)
		publishing.Go(func() {
			if err := c.publish(rand.New(rand.NewPCG(2, uint64(i))), i, msgs); err != nil {
				t.Errorf("publisher %d: %v", i, err)
			}
		})
	}
	publishing.Wait()
	cancel()
	guests.Wait()
	ends.Wait()
	for _, c := range all {
		c.MustSend(t, "PING\r\n")
	}
	listening.Wait()

	for i, c := range all {
		got := 0
		for _, x := range c.flows {
			got += x.msgs
		}
		if c.err != nil || got == 0 || c.want >= 0 && got != c.want {
			t.Errorf("client %d: %d messages of %d, %v", i, got, c.want, c.err)
		}
	}
	for queue, from := range seen {
		for i := range from {
			for of := 1; of <= msgs+1; of++ {
				if n := from[i][of].Load(); n != 1 {
					t.Errorf("message %d of publisher %d came %d times in group %s", of, i, n, queue)
					return
				}
			}
		}
	}
}
