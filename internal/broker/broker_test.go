package broker

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/outbound"
)

// recorder is a sink that remembers what it gets. It refuses what refuse says.
type recorder struct {
	mu     sync.Mutex
	got    []string
	refuse bool
}

func (r *recorder) Deliver(_ *Batch, s *Sub, run *Run) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse {
		return 0
	}
	for i := range run.Msgs {
		r.got = append(r.got, fmt.Sprintf("%s>%s %s", run.Subject, s.SID, run.Msgs[i].Body))
	}
	return len(run.Msgs)
}

func sub(subject, queue, sid string, sink Sink) *Sub {
	return &Sub{Subject: subject, Queue: queue, SID: sid, Sink: sink}
}

func publish(t *testing.T, a *Account, o *Origin, subject string, bodies ...string) int {
	t.Helper()
	b := Begin()
	defer b.End(0)
	for i, body := range bodies {
		b.Msgs[i] = Msg{Body: []byte(body), HeaderLen: -1, SizeTok: []byte(fmt.Sprint(len(body)))}
	}
	return a.Publish(b, &Run{Subject: []byte(subject), From: o, Msgs: b.Msgs[:len(bodies)]})
}

func TestPublishReachesMatchingSubscriptions(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	r := &recorder{}
	for _, s := range []*Sub{sub("foo.bar", "", "1", r), sub("foo.*", "", "2", r), sub(">", "", "3", r), sub("baz", "", "4", r)} {
		if !a.Subscribe(nil, s) {
			t.Fatalf("subscribe %s", s.Subject)
		}
	}
	if n := publish(t, a, &Origin{}, "foo.bar", "x", "y"); n != 6 {
		t.Errorf("%d deliveries, want 6", n)
	}
	slices.Sort(r.got)
	want := "foo.bar>1 x,foo.bar>1 y,foo.bar>2 x,foo.bar>2 y,foo.bar>3 x,foo.bar>3 y"
	if got := strings.Join(r.got, ","); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAccountsAreIsolated(t *testing.T) {
	t.Parallel()
	b := New()
	r := &recorder{}
	b.Open("B").Subscribe(nil, sub(">", "", "1", r))
	if n := publish(t, b.Open("A"), &Origin{}, "foo", "x"); n != 0 || len(r.got) != 0 {
		t.Errorf("%d deliveries into another account: %q", n, r.got)
	}
}

func TestQueueGroupsTakeOneEach(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	members := []*recorder{{}, {}, {refuse: true}}
	for i, m := range members {
		// Members of one group under different subjects.
		a.Subscribe(nil, sub([]string{"foo", "*", ">"}[i], "q", fmt.Sprint(i), m))
	}
	other := &recorder{}
	a.Subscribe(nil, sub("foo", "other", "9", other))
	const n = 600
	for range n {
		if got := publish(t, a, &Origin{}, "foo", "x"); got != 2 {
			t.Fatalf("%d deliveries, want one per group", got)
		}
	}
	if len(other.got) != n || len(members[0].got)+len(members[1].got) != n {
		t.Errorf("other %d, members %d and %d", len(other.got), len(members[0].got), len(members[1].got))
	}
	for i, m := range members[:2] {
		if len(m.got) < n/5 {
			t.Errorf("member %d got %d of %d", i, len(m.got), n)
		}
	}
}

func TestRememberedMatchesFollowTheIndex(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	o := &Origin{Kind: Client}
	r := &recorder{}
	for i := range 50 {
		s := sub("foo", "", "1", r)
		if n := publish(t, a, o, "foo", "x"); n != 0 {
			t.Fatalf("round %d: delivered without a subscription", i)
		}
		a.Subscribe(nil, s)
		if n := publish(t, a, o, "foo", "x"); n != 1 {
			t.Fatalf("round %d: %d deliveries, want 1", i, n)
		}
		if !a.Unsubscribe(nil, s) {
			t.Fatalf("round %d: subscription is gone", i)
		}
	}
}

// Subjects that do not repeat must not pile up, and must still be delivered.
func TestRememberingIsBounded(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	o := &Origin{Kind: Client}
	a.Subscribe(nil, sub("foo.>", "", "1", &recorder{}))
	for i := range 5 * matchWindow {
		if n := publish(t, a, o, fmt.Sprintf("foo.%d", i), "x"); n != 1 {
			t.Fatalf("message %d: %d deliveries", i, n)
		}
	}
	if c := o.matches.Load(); len(c.known) > maxMatches || c.off == 0 {
		t.Errorf("%d matches kept, off %d", len(c.known), c.off)
	}
}

// nested publishes in the same account while it is being delivered to.
type nested struct {
	a  *Account
	to string
}

func (n *nested) Deliver(b *Batch, _ *Sub, r *Run) int {
	n.a.Publish(b, &Run{Subject: []byte(n.to), From: &Origin{Kind: Internal}, Msgs: []Msg{r.Msgs[0]}})
	return len(r.Msgs)
}

func TestSinksMayPublish(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	r := &recorder{}
	a.Subscribe(nil, sub("one", "", "1", &nested{a, "two"}))
	a.Subscribe(nil, sub("one", "", "2", r))
	a.Subscribe(nil, sub("two", "", "3", &nested{a, "three"}))
	a.Subscribe(nil, sub("two", "", "4", r))
	a.Subscribe(nil, sub("three", "", "5", r))
	publish(t, a, &Origin{Kind: Client}, "one", "x")
	slices.Sort(r.got)
	if got := strings.Join(r.got, ","); got != "one>2 x,three>5 x,two>4 x" {
		t.Errorf("got %s", got)
	}
}

// A reload may take away a subscription that the client is just about to make.
func TestSubscriptionEndsBeforeItBegins(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	s := sub("foo", "", "1", &recorder{})
	if a.Unsubscribe(nil, s) || a.Subscribe(nil, s) || a.Index().Len() != 0 {
		t.Errorf("%d subscriptions are left", a.Index().Len())
	}
}

func TestJoinHoldsTheLimit(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	limits := unlimited
	limits.MaxConnections = 2
	a.SetLimits(&limits)
	if !a.Join() || !a.Join() || a.Join() {
		t.Fatal("want two to join and the third refused")
	}
	a.Leave()
	if !a.Join() || a.Clients() != 2 {
		t.Errorf("%d clients after one left and one joined", a.Clients())
	}
}

type flusher struct{ n int }

func (f *flusher) Flush() { f.n++ }

func TestEndFlushesAndWaitsForSlowConsumers(t *testing.T) {
	t.Parallel()
	var q outbound.Queue
	q.Lock()
	q.CopyLocked([]byte("x"))
	q.Unlock()
	f := &flusher{}
	b := Begin()
	b.Touch(f)
	b.Slow(&q, 0)
	b.Slow(&q, 0)
	start := time.Now()
	if !b.End(5*time.Millisecond) || f.n != 1 || time.Since(start) < 4*time.Millisecond {
		t.Errorf("flushed %d times, waited %v", f.n, time.Since(start))
	}
	b = Begin()
	b.Slow(&q, 0)
	go q.Close() // ends the wait
	b.End(time.Hour)
}

// counting is the cheapest sink there is.
type counting struct{ n int }

func (c *counting) Deliver(_ *Batch, _ *Sub, r *Run) int {
	c.n += len(r.Msgs)
	return len(r.Msgs)
}

func TestPublishDoesNotAllocate(t *testing.T) {
	a := New().Open("A")
	c := &counting{}
	a.Subscribe(nil, sub("foo.bar", "", "1", c))
	a.Subscribe(nil, sub("foo.*", "", "2", c))
	a.Subscribe(nil, sub("foo.bar", "q", "3", c))
	o := &Origin{Kind: Client}
	subject, other := []byte("foo.bar"), []byte("foo.baz")
	run := Run{From: o}
	n := testing.AllocsPerRun(1000, func() {
		b := Begin()
		for range 4 {
			b.Msgs[0], b.Msgs[1] = Msg{Body: subject}, Msg{Body: other}
			run.Subject, run.Msgs = subject, b.Msgs[:2]
			a.Publish(b, &run)
			run.Subject, run.Msgs = other, b.Msgs[:1]
			a.Publish(b, &run)
		}
		b.End(0)
	})
	if n != 0 {
		t.Errorf("%v allocs per batch, want 0", n)
	}
}

func TestConcurrentPublishAndSubscribe(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	steady := &recorder{}
	a.Subscribe(nil, sub("foo", "", "1", steady))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			o := &Origin{Kind: Client}
			for range 500 {
				publish(t, a, o, "foo", "x")
			}
		})
		wg.Go(func() {
			for i := range 500 {
				s := sub([]string{"foo", "*", "foo.>"}[i%3], []string{"", "q"}[i%2], "2", &recorder{})
				a.Subscribe(nil, s)
				a.Unsubscribe(nil, s)
			}
		})
	}
	wg.Wait()
	if len(steady.got) != 2000 {
		t.Errorf("steady subscriber got %d of 2000", len(steady.got))
	}
}

func TestAccountsSorted(t *testing.T) {
	t.Parallel()
	b := New()
	for _, n := range []string{"C", "A", "B", "A"} {
		b.Open(n)
	}
	var names []string
	for _, a := range b.Accounts() {
		names = append(names, a.Name)
	}
	if got := strings.Join(names, ""); got != "ABC" || b.Account("Z") != nil {
		t.Errorf("accounts %s", got)
	}
	if got := *b.Account("A").Limits(); got != (config.AccountLimits{MaxConnections: -1, MaxSubscriptions: -1, MaxPayload: -1, MaxLeafnodes: -1}) {
		t.Errorf("limits of a new account: %+v", got)
	}
}

func BenchmarkPublish(b *testing.B) {
	a := New().Open("A")
	c := &counting{}
	a.Subscribe(nil, sub("foo.bar", "", "1", c))
	run := Run{Subject: []byte("foo.bar"), From: &Origin{Kind: Client}}
	batch := Begin()
	b.ReportAllocs()
	for b.Loop() {
		run.Msgs = batch.Msgs[:1]
		a.Publish(batch, &run)
	}
	batch.End(0)
}

// An idle publisher must not hold on to subscribers that have long left.
func TestForgetLetsSubscribersGo(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	o := &Origin{Kind: Client}
	var gone atomic.Int32
	const subjects = 50
	for i := range subjects {
		r := &recorder{}
		runtime.AddCleanup(r, func(*atomic.Int32) { gone.Add(1) }, &gone)
		s := sub(fmt.Sprintf("in.%d", i), "", "1", r)
		a.Subscribe(nil, s)
		publish(t, a, o, s.Subject, "x")
		a.Unsubscribe(nil, s)
	}
	o.Forget()
	for end := time.Now().Add(10 * time.Second); gone.Load() < subjects && time.Now().Before(end); time.Sleep(time.Millisecond) {
		runtime.GC()
	}
	if n := gone.Load(); n < subjects {
		t.Errorf("%d of %d subscribers are gone", n, subjects)
	}
	runtime.KeepAlive(o)
	if n := publish(t, a, o, "in.1", "x"); n != 0 {
		t.Errorf("%d deliveries", n)
	}
}

// Forgetting may come from elsewhere at any moment.
func TestForgetWhilePublishing(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	o := &Origin{Kind: Client}
	a.Subscribe(nil, sub("foo.>", "", "1", &recorder{}))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				o.Forget()
			}
		}
	}()
	for i := range 5000 {
		if n := publish(t, a, o, fmt.Sprintf("foo.%d", i%7), "x"); n != 1 {
			t.Errorf("message %d: %d deliveries", i, n)
		}
	}
	close(stop)
	<-done
}
