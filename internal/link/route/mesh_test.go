package route

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/task"
)

// A mesh of links in one process, with a network in memory and a clock that runs when all wait.

// lane of bytes in one direction.
type direction struct {
	mu      sync.Mutex
	buf     []byte
	closed  bool
	expired bool
	news    chan struct{}
}

func (d *direction) change(f func()) {
	d.mu.Lock()
	f()
	close(d.news)
	d.news = make(chan struct{})
	d.mu.Unlock()
}

// memory is one end of a connection in memory.
type memory struct{ in, out *direction }

func pair() (a, b *memory) {
	x, y := &direction{news: make(chan struct{})}, &direction{news: make(chan struct{})}
	return &memory{x, y}, &memory{y, x}
}

func (m *memory) Read(p []byte) (int, error) {
	for {
		m.in.mu.Lock()
		news := m.in.news
		switch {
		case m.in.expired:
			m.in.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(m.in.buf) > 0:
			n := copy(p, m.in.buf)
			m.in.buf = m.in.buf[n:]
			m.in.mu.Unlock()
			return n, nil
		case m.in.closed:
			m.in.mu.Unlock()
			return 0, io.EOF
		}
		m.in.mu.Unlock()
		<-news
	}
}

func (m *memory) Write(p []byte) (n int, err error) {
	m.out.change(func() {
		if m.out.closed {
			err = io.ErrClosedPipe
			return
		}
		m.out.buf = append(m.out.buf, p...)
		n = len(p)
	})
	return n, err
}

func (m *memory) Close() error {
	for _, d := range []*direction{m.in, m.out} {
		d.change(func() { d.closed = true })
	}
	return nil
}

func (m *memory) SetReadDeadline(t time.Time) error {
	m.in.change(func() { m.in.expired = !t.IsZero() && t.Before(time.Now()) })
	return nil
}
func (*memory) SetWriteDeadline(time.Time) error { return nil }
func (*memory) SetDeadline(time.Time) error      { return nil }
func (*memory) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (*memory) RemoteAddr() net.Addr             { return &net.UnixAddr{} }

// node is one server of the mesh.
type node struct {
	*Link

	world   *world
	address string
	account *broker.Account
	tasks   *task.Group
	subs    map[string][]*broker.Sub // by what is announced of them
}

// world is the network.
type world struct {
	t       *testing.T
	options []*config.Options
	lives   int

	mu    sync.Mutex
	nodes map[string]*node
	apart map[[2]string]bool // pairs that do not reach each other
	conns map[[2]string][]*memory
}

func address(i int) string { return fmt.Sprintf("127.0.0.1:%d", 7000+i) }

// boot starts server i, with an identity that it never had.
func (w *world) boot(i int) *node {
	w.lives++
	id := fmt.Sprintf("N%d.%d", i, w.lives)
	b := broker.New()
	clients := conn.NewRegistry(1, nil)
	n := &node{world: w, address: address(i), account: b.Open("$G"), tasks: task.New(context.Background(), nil), subs: map[string][]*broker.Sub{}}
	b.Open("$SYS")
	n.Link = New(Setup{
		Broker: b, Registry: clients.Beside(1, nil), Clients: clients, Tasks: n.tasks,
		Log: slog.New(slog.DiscardHandler), Tracer: quiet{}, ID: id, Auth: servers(w.t), Told: func() {}, Dial: n.dial,
	})
	set, err := NewSettings(w.options[i], &Identity{ID: id, Name: fmt.Sprintf("n%d", i)}, 7000+i)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.nodes[n.address] = n
	w.mu.Unlock()
	n.Follow(context.Background(), n.Apply(set))
	return n
}

func (n *node) dial(_ context.Context, to string) (net.Conn, error) {
	w := n.world
	w.mu.Lock()
	other := w.nodes[to]
	key := pairOf(n.address, to)
	if other == nil || w.apart[key] {
		w.mu.Unlock()
		return nil, errors.New("no route to host")
	}
	a, b := pair()
	w.conns[key] = append(w.conns[key], a)
	w.mu.Unlock()
	other.tasks.Go("route", func(ctx context.Context) { other.Serve(ctx, b, func() {}) })
	return a, nil
}

func pairOf(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}

// cut ends the connections between two servers.
func (w *world) cut(a, b string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := pairOf(a, b)
	for _, c := range w.conns[key] {
		_ = c.Close()
	}
	w.conns[key] = nil
}

// halt ends a server.
func (w *world) halt(n *node) {
	w.mu.Lock()
	delete(w.nodes, n.address)
	w.mu.Unlock()
	n.Stop()
	n.tasks.Stop()
	n.tasks.Wait()
}

// churn subscribes or unsubscribes something.
func (n *node) churn(r *rand.Rand) {
	subject, queue := fmt.Sprintf("s.%d", r.IntN(6)), []string{"", "", "q"}[r.IntN(3)]
	key := subject + " " + queue
	if have := n.subs[key]; len(have) > 0 && r.IntN(2) == 0 {
		n.account.Unsubscribe(nil, have[0])
		n.subs[key] = have[1:]
		return
	}
	s := &broker.Sub{Subject: subject, Queue: queue, Sink: taker(nil)}
	n.account.Subscribe(nil, s)
	n.subs[key] = append(n.subs[key], s)
}

// wanted is what others have to know of a server.
func (n *node) wanted() []string {
	var out []string
	for key, subs := range n.subs {
		if len(subs) > 0 {
			count := 1
			if !strings.HasSuffix(key, " ") {
				count = len(subs)
			}
			out = append(out, fmt.Sprintf("%s %d", key, count))
		}
	}
	slices.Sort(out)
	return out
}

// known is what n knows of another server.
func (n *node) known(other *node) []string {
	var out []string
	n.account.Index().Walk(0, 1<<20, func(_, _ string, s *broker.Sub) {
		l, ok := s.Link.(*lane)
		if ok && l.s.remote.Load().ServerID == other.ID {
			out = append(out, fmt.Sprintf("%s %s %d", s.Subject, s.Queue, max(1, s.Weight.Load())))
		}
	})
	slices.Sort(out)
	return out
}

// settled tells what is wrong with the mesh, nothing if all is well.
func (w *world) settled() string {
	for _, n := range w.nodes {
		for _, other := range w.nodes {
			if n == other {
				continue
			}
			if got, want := n.known(other), other.wanted(); !slices.Equal(got, want) {
				return fmt.Sprintf("%s knows %v of %s, want %v", n.address, got, other.address, want)
			}
		}
		if n.Remotes() != len(w.nodes)-1 || n.Up() != 4*(len(w.nodes)-1) {
			return fmt.Sprintf("%s has %d routes to %d servers", n.address, n.Up(), n.Remotes())
		}
	}
	return ""
}

// TestMesh plays random lives of a mesh: clients come and go, links are cut and mended, servers are killed
// and come back as others. After a time of quiet everybody knows exactly what the others want, over whole
// pools.
func TestMesh(t *testing.T) {
	t.Parallel()
	const servers = 5
	for name, c := range map[string]struct {
		seeds bool // only the first server is listed, the others are heard of
		apart bool // some links fail for a while
	}{"all listed": {apart: true}, "one seed": {seeds: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var options []*config.Options
			for i := range servers {
				var routes []string
				for k := range servers {
					if k != i && (!c.seeds || k == 0) {
						routes = append(routes, fmt.Sprintf("%q", "nats://"+address(k)))
					}
				}
				file := filepath.Join(t.TempDir(), "natsd.conf")
				text := fmt.Sprintf("cluster { name: C1, port: %d, host: 127.0.0.1, advertise: %q, routes: [%s] }", 7000+i, address(i), strings.Join(routes, ", "))
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				o, report := config.Load(config.Source{Path: file})
				if o == nil {
					t.Fatal(report.Err())
				}
				options = append(options, o)
			}
			for seed := range uint64(25) {
				synctest.Test(t, func(t *testing.T) { play(t, options, seed, c.apart) })
			}
		})
	}
}

func play(t *testing.T, options []*config.Options, seed uint64, apart bool) {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // it has to be repeatable
	w := &world{t: t, options: options, nodes: map[string]*node{}, apart: map[[2]string]bool{}, conns: map[[2]string][]*memory{}}
	nodes := make([]*node, len(options))
	for i := range nodes {
		nodes[i] = w.boot(i)
		time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
	}
	for range 120 {
		i, k := r.IntN(len(nodes)), r.IntN(len(nodes))
		switch x := r.IntN(100); {
		case x < 80:
			nodes[i].churn(r)
		case x < 90:
			w.cut(address(i), address(k))
		case x < 93 && i > 0: // the seed stays
			w.halt(nodes[i])
			time.Sleep(time.Duration(r.IntN(2500)) * time.Millisecond)
			nodes[i] = w.boot(i)
		case x < 96 && apart:
			w.mu.Lock()
			w.apart[pairOf(address(i), address(k))] = true
			w.mu.Unlock()
			w.cut(address(i), address(k))
		}
		time.Sleep(time.Duration(r.IntN(100)) * time.Millisecond)
	}
	w.mu.Lock()
	clear(w.apart)
	w.mu.Unlock()
	time.Sleep(5 * time.Second)
	synctest.Wait()
	if wrong := w.settled(); wrong != "" {
		t.Errorf("seed %d: %s", seed, wrong)
	}
	for _, n := range nodes {
		w.halt(n)
	}
}
