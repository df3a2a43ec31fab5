package event

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/status"
)

func TestEachKindHasItsName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range Kinds() {
		name := k.String()
		if name == "" || seen[name] {
			t.Errorf("kind %d is called %q", k, name)
		}
		seen[name] = true
	}
	if got := kinds.String(); got != "unknown" {
		t.Errorf("what is no kind is called %q", got)
	}
	if kinds > 64 {
		t.Errorf("%d kinds do not fit the mask", kinds)
	}
}

func TestKindsOfLinks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		link                status.Kind
		opened, closed, try Kind
	}{
		{status.Client, ConnectionOpened, ConnectionClosed, RouteRetry},
		{status.Router, RouteUp, RouteDown, RouteRetry},
		{status.Gateway, GatewayUp, GatewayDown, GatewayRetry},
		{status.Leafnode, LeafUp, LeafDown, LeafRetry},
	}
	for _, tt := range tests {
		f := &status.Facts{Kind: tt.link}
		if k := (Opened{f}).Kind(); k != tt.opened {
			t.Errorf("%s opens as %s", tt.link, k)
		}
		if k := (Closed{&status.Closed{Conn: status.Conn{Facts: f}}}).Kind(); k != tt.closed {
			t.Errorf("%s closes as %s", tt.link, k)
		}
		if k := (Retry{Link: tt.link}).Kind(); k != tt.try {
			t.Errorf("%s is tried again as %s", tt.link, k)
		}
	}
	if k := (Files{Err: "no"}).Kind(); k != WatcherError {
		t.Errorf("files with an error are %s", k)
	}
}

func TestOnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	h := NewHub()
	h.Publish(Stopping{}) // to nobody
	some := h.Subscribe(10, ConnectionStalled, ServerStopping)
	all := h.Subscribe(10)
	h.Publish(Stalled{Stalls: 1})
	h.Publish(LameDuck{})
	h.Publish(Stopping{})
	kindsOf := func(s *Subscription) (out []Kind) {
		events, dropped := s.Take()
		if dropped != 0 {
			t.Errorf("%d dropped", dropped)
		}
		for i, e := range events {
			if i > 0 && e.Seq <= events[i-1].Seq {
				t.Errorf("sequence %d after %d", e.Seq, events[i-1].Seq)
			}
			out = append(out, e.Kind())
		}
		return out
	}
	if got := kindsOf(some); len(got) != 2 || got[0] != ConnectionStalled || got[1] != ServerStopping {
		t.Errorf("some: %v", got)
	}
	if got := kindsOf(all); len(got) != 3 {
		t.Errorf("all: %v", got)
	}
	all.Close()
	if h.Wants(ServerLameDuck) || !h.Wants(ServerStopping) {
		t.Error("wrong kinds are wanted after one has gone")
	}
	some.Close()
	some.Close()
	if h.wanted.Load() != 0 {
		t.Error("something is wanted by nobody")
	}
	if (*Hub)(nil).Wants(ServerStopping) {
		t.Error("no hub wants something")
	}
}

func TestWhatDoesNotFitIsCounted(t *testing.T) {
	t.Parallel()
	h := NewHub()
	s := h.Subscribe(2)
	for i := range 5 {
		h.Publish(Stalled{Stalls: int64(i)})
	}
	events, dropped := s.Take()
	if len(events) != 2 || dropped != 3 || events[1].Data.(Stalled).Stalls != 1 {
		t.Errorf("%v, %d dropped", events, dropped)
	}
	h.Publish(Stopping{})
	if events, dropped := s.Take(); len(events) != 1 || dropped != 0 {
		t.Errorf("%v, %d dropped", events, dropped)
	}
}

func TestReadyWakesTheReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		s := h.Subscribe(100)
		got := 0
		var reader sync.WaitGroup
		reader.Go(func() {
			for got < 3 {
				<-s.Ready()
				events, _ := s.Take()
				got += len(events)
			}
		})
		for range 3 {
			h.Publish(Stopping{})
			time.Sleep(time.Second)
		}
		reader.Wait()
	})
}

// Everybody gets what happens in one order, whoever it happens to.
func TestManyPublishers(t *testing.T) {
	t.Parallel()
	h := NewHub()
	a, b := h.Subscribe(1<<20), h.Subscribe(1<<20)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 200 {
				h.Publish(Stalled{Stalls: int64(i*1000 + j)})
				if j%50 == 0 {
					h.Subscribe(1).Close()
				}
			}
		})
	}
	all.Wait()
	x, _ := a.Take()
	y, _ := b.Take()
	if len(x) != 1600 || len(y) != 1600 {
		t.Fatalf("%d and %d events", len(x), len(y))
	}
	for i := range x {
		if x[i].Data != y[i].Data || x[i].Seq != y[i].Seq {
			t.Fatalf("event %d differs", i)
		}
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	h := NewHub()
	h.Remember(4)
	for i := range 6 { // 1 and 2 are forgotten
		h.Publish(Stalled{Stalls: int64(i + 1)})
	}
	if got := slices.Collect(h.Recent()); len(got) != 4 || got[0].Seq != 3 || got[3].Seq != 6 {
		t.Errorf("recent: %v", got)
	}
	for _, c := range []struct {
		after uint64
		want  int
		whole bool
	}{{6, 0, true}, {5, 1, true}, {2, 4, true}, {1, 4, false}, {0, 4, false}, {7, 0, false}, {1 << 63, 0, false}} {
		s, whole := h.Resume(c.after, 1, ConnectionStalled)
		h.Publish(Stopping{})
		if got, _ := s.Take(); len(got) != c.want || whole != c.whole {
			t.Errorf("after %d: %d events, whole %v", c.after, len(got), whole)
		}
		s.Close()
		h = NewHub()
		h.Remember(4)
		for i := range 6 {
			h.Publish(Stalled{Stalls: int64(i + 1)})
		}
	}
	s, _ := h.Resume(2, 1)
	defer s.Close()
	<-s.Ready()
	h.Publish(Stopping{})
	h.Publish(Stopping{})
	if got, dropped := s.Take(); len(got) != 5 || dropped != 1 {
		t.Errorf("%d events and %d dropped beside the old ones", len(got), dropped)
	}
}

// What is remembered is always the last events, however many there were, and who reads them is not disturbed
// by those that come.
func TestRecent(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, pieceSize - 1, pieceSize, pieceSize + 1, 1000} {
		h := NewHub()
		h.Remember(size)
		var before []Event
		for i := 1; i <= 3*size+pieceSize; i++ {
			h.Publish(Stalled{Stalls: int64(i)})
			if i == size {
				before = slices.Collect(h.Recent())
			}
		}
		recent := h.Recent()
		h.Publish(Stopping{})
		got := slices.Collect(recent)
		if len(got) != size || got[0].Seq != uint64(2*size+pieceSize+1) || got[size-1].Seq != uint64(3*size+pieceSize) {
			t.Errorf("%d remembered: %d, from %d to %d", size, len(got), got[0].Seq, got[len(got)-1].Seq)
		}
		if len(before) != size || before[0].Seq != 1 {
			t.Errorf("%d remembered: %d at first", size, len(before))
		}
		if len(h.past.pieces) > size/pieceSize+2 {
			t.Errorf("%d remembered in %d pieces", size, len(h.past.pieces))
		}
	}
}

func TestUnwantedCostsNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	h := NewHub()
	f := &status.Facts{}
	if n := testing.AllocsPerRun(100, func() {
		if h.Wants(ConnectionOpened) {
			h.Publish(Opened{f})
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
