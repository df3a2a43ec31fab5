package broker

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeLink is a link that remembers what it was sent.
type fakeLink struct {
	mu  sync.Mutex
	got []string
}

func (l *fakeLink) Forward(_ *Batch, r *Run, c *Copy) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent := 0
	for i := range r.Msgs {
		if !c.Wants(i) {
			continue
		}
		sent++
		line := string(r.Msgs[i].Body)
		if c.Plain {
			line += " plain"
		}
		for _, g := range c.Groups {
			if g.Msgs>>i&1 != 0 {
				line += " " + g.Name
			}
		}
		l.got = append(l.got, line)
	}
	return sent
}

func remote(subject, queue string, weight int32, l Link) *Sub {
	s := &Sub{Subject: subject, Queue: queue, Kind: Route, Link: l}
	s.Weight.Store(weight)
	return s
}

func TestLinksGetOneCopy(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	l, other := &fakeLink{}, &fakeLink{}
	for _, s := range []*Sub{
		remote("foo", "", 0, l), remote("foo.>", "", 0, l), remote(">", "", 0, l), remote("*", "", 0, l),
		remote("foo", "q1", 1, l), remote(">", "q2", 3, l), remote("bar", "", 0, other),
	} {
		a.Subscribe(nil, s)
	}
	if n := publish(t, a, &Origin{}, "foo", "x", "y"); n != 2 {
		t.Errorf("%d deliveries, want one per message", n)
	}
	for i := range l.got {
		words := strings.Fields(l.got[i])
		slices.Sort(words[1:])
		l.got[i] = strings.Join(words, " ")
	}
	if got := strings.Join(l.got, ","); got != "x plain q1 q2,y plain q1 q2" {
		t.Errorf("link got %q", got)
	}
	if len(other.got) != 0 {
		t.Errorf("other link got %q", other.got)
	}
}

// Each cell of the table: a message of that kind reaches a plain subscription of that kind and a queue
// group of one, or neither.
func TestPropagation(t *testing.T) {
	t.Parallel()
	names := map[Kind]string{Client: "client", Internal: "internal", Route: "route"}
	want := map[string]bool{
		"client>client": true, "client>internal": true, "client>route": true,
		"internal>client": true, "internal>internal": true, "internal>route": true,
		"route>client": true, "route>internal": true, "route>route": false,
	}
	if len(want) != int(numKinds*numKinds) {
		t.Fatalf("%d cells for %d kinds", len(want), numKinds)
	}
	for from := range numKinds {
		for to := range numKinds {
			for _, queue := range []string{"", "q"} {
				cell := names[from] + ">" + names[to]
				a, l, r := New().Open("A"), &fakeLink{}, &recorder{}
				s := &Sub{Subject: "foo", Queue: queue, SID: "1", Kind: to}
				if to == Route {
					s.Link = l
				} else {
					s.Sink = r
				}
				a.Subscribe(nil, s)
				b := Begin()
				b.Msgs[0] = Msg{Body: []byte("x"), HeaderLen: -1, SizeTok: []byte("1")}
				n := a.Publish(b, &Run{Subject: []byte("foo"), From: &Origin{Kind: from}, Groups: [][]byte{[]byte("q")}, Msgs: b.Msgs[:1]})
				b.End(0)
				if got := n == 1 && len(l.got)+len(r.got) == 1; got != want[cell] {
					t.Errorf("%s, queue %q: reached %v, want %v", cell, queue, got, want[cell])
				}
			}
		}
	}
}

// What another server sends reaches the groups that it names and no other.
func TestChosenGroupsOnly(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	r := &recorder{}
	for _, q := range []string{"q1", "q2", "q3", ""} {
		a.Subscribe(nil, sub("foo", q, q+"!", r))
	}
	for _, c := range []struct {
		groups string
		want   string
	}{{"", "foo>! x"}, {"q2", "foo>! x,foo>q2! x"}, {"q1 q3 nobody", "foo>! x,foo>q1! x,foo>q3! x"}} {
		r.got = nil
		var groups [][]byte
		for g := range strings.FieldsSeq(c.groups) {
			groups = append(groups, []byte(g))
		}
		b := Begin()
		b.Msgs[0] = Msg{Body: []byte("x"), HeaderLen: -1}
		a.Publish(b, &Run{Subject: []byte("foo"), From: &Origin{Kind: Route}, Groups: groups, Msgs: b.Msgs[:1]})
		b.End(0)
		slices.Sort(r.got)
		if got := strings.Join(r.got, ","); got != c.want {
			t.Errorf("groups %q: got %q, want %q", c.groups, got, c.want)
		}
	}
}

// A server with three members gets three times what a local member gets, and nothing is lost.
func TestGroupsSpreadByWeight(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	l, local := &fakeLink{}, &recorder{}
	far := remote("foo", "q", 3, l)
	a.Subscribe(nil, far)
	a.Subscribe(nil, sub("foo", "q", "1", local))
	const total = 4000
	for range total / 4 {
		if n := publish(t, a, &Origin{}, "foo", "a", "b", "c", "d"); n != 4 {
			t.Fatalf("%d deliveries of 4", n)
		}
	}
	if got := len(l.got) + len(local.got); got != total {
		t.Errorf("%d messages of %d", got, total)
	}
	if n := len(l.got); n < total/2 || n > total*9/10 {
		t.Errorf("the server with 3 of 4 members got %d of %d", n, total)
	}
	// A message from a route stays here, although most members are elsewhere.
	local.got = nil
	b := Begin()
	b.Msgs[0] = Msg{Body: []byte("x"), HeaderLen: -1}
	if n := a.Publish(b, &Run{Subject: []byte("foo"), From: &Origin{Kind: Route}, Groups: [][]byte{[]byte("q")}, Msgs: b.Msgs[:1]}); n != 1 || len(local.got) != 1 {
		t.Errorf("from a route: %d deliveries, local got %q", n, local.got)
	}
	b.End(0)
}

// counter is a link that only counts.
type counter struct{ n int }

func (c *counter) Forward(_ *Batch, r *Run, _ *Copy) int {
	c.n += len(r.Msgs)
	return len(r.Msgs)
}

func TestForwardingAllocatesNothing(t *testing.T) {
	a := New().Open("A")
	for range 3 {
		l := &counter{}
		a.Subscribe(nil, remote("foo", "", 0, l))
		a.Subscribe(nil, remote("foo", "q", 2, l))
		a.Subscribe(nil, remote("foo", "q2", 2, l))
	}
	o := &Origin{Kind: Client}
	b := Begin()
	run := Run{Subject: []byte("foo"), From: o, Msgs: b.Msgs[:4]}
	a.Publish(b, &run)
	if n := testing.AllocsPerRun(100, func() { a.Publish(b, &run) }); n != 0 {
		t.Errorf("%v allocations per run", n)
	}
	b.End(0)
}

// mirror is an observer that keeps what it was told, and checks that it can be true.
type mirror struct {
	t *testing.T
	m map[string]int
}

func (m *mirror) InterestChanged(_ *Batch, _ *Account, filter, queue string, members int) {
	key := filter + " " + queue
	if queue == "" && (m.m[key] > 0) == (members > 0) {
		m.t.Errorf("%s: told %d twice", key, members)
	}
	if members == 0 {
		delete(m.m, key)
	} else {
		m.m[key] = members
	}
}

func TestObserversHearOfLocalInterest(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	r := &recorder{}
	first, second := sub("foo", "", "1", r), sub("foo", "", "2", r)
	a.Subscribe(nil, first)
	a.Subscribe(nil, sub("foo", "q", "3", r))
	a.Subscribe(nil, remote("far", "", 0, &fakeLink{}))
	a.Subscribe(nil, &Sub{Subject: "mine", Private: true, Kind: Internal, Sink: r})
	m := &mirror{t, map[string]int{}}
	a.Observe(nil, Route, m)
	a.Observe(nil, Route, m)
	check := func(want string) {
		t.Helper()
		var got []string
		for k, n := range m.m {
			got = append(got, fmt.Sprint(k, n))
		}
		slices.Sort(got)
		if s := strings.Join(got, ","); s != want {
			t.Errorf("told %q, want %q", s, want)
		}
	}
	check("foo 1,foo q1")
	a.Subscribe(nil, second)
	a.Unsubscribe(nil, first)
	q := sub("foo", "q", "4", r)
	a.Subscribe(nil, q)
	check("foo 1,foo q2")
	a.Unsubscribe(nil, second)
	a.Unsubscribe(nil, q)
	check("foo q1")
	a.Unobserve(Route, m)
	a.Subscribe(nil, sub("foo", "", "5", r))
	check("foo q1")
}

// Whatever subscribes and unsubscribes at once, an observer that comes in the middle ends up with the
// truth.
func TestInterestUnderChurn(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	r := &recorder{}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				s := sub(fmt.Sprintf("s.%d", i%7), []string{"", "q"}[g%2], fmt.Sprint(i), r)
				a.Subscribe(nil, s)
				if (i+g)%5 != 0 {
					a.Unsubscribe(nil, s)
				}
			}
		})
	}
	var ms []*mirror
	for range 3 {
		m := &mirror{t, map[string]int{}}
		ms = append(ms, m)
		wg.Go(func() {
			a.Observe(nil, Route, m)
		})
	}
	wg.Wait()
	truth := map[string]int{}
	a.Index().Walk(0, a.Index().Len(), func(filter, queue string, _ *Sub) {
		if key := filter + " " + queue; queue != "" || truth[key] == 0 {
			truth[key]++
		}
	})
	for i, m := range ms {
		if fmt.Sprint(m.m) != fmt.Sprint(truth) {
			t.Errorf("observer %d was told %v, there is %v", i, m.m, truth)
		}
	}
}
