package reload

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"natsd/test/harness"
)

// goroutines is how many the server has, by its own count.
func (s *server) goroutines() int {
	s.t.Helper()
	c := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get("http://" + s.scope.Addr("prof_port") + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	m := regexp.MustCompile(`total (\d+)`).FindSubmatch(text)
	if m == nil {
		s.t.Fatalf("no total in %.100s", text)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// TestStorm reloads again and again, with changes of all kinds, while clients that none of it concerns
// exchange numbered messages, and others are cut and come back.
func TestStorm(t *testing.T) {
	t.Parallel()
	reloads, pairs := soak(200, 2000), 25
	kinds := []string{
		"",
		"max_payload: 100KB",
		"log_file: '<dir>/storm.log'",
		"debug: true\nserver_name: storm",
		"http_base_path: /x\nmax_subscriptions: 1000",
		"tls { " + serverCert + " }\nallow_non_tls: true",
		"ping_interval: 30s\nmax_connections: 1000\nports_file_dir: '<dir>'",
	}
	conf := func(i int) string {
		return fmt.Sprintf(`host: '127.0.0.1'
port: <%s>
http: '127.0.0.1:<http_port>'
prof_port: <prof_port>
allow_auth_removal: true
server_tags: n%d
authorization { users: [
	{user: stays, password: p, permissions: {publish: ">", subscribe: {allow: ">", deny: secret%d}}},
	{user: victim, password: p%d}
] }
%s
`, []string{"port", "port", "port", "other_port"}[i%4], i, i%2, i%5/4, kinds[i%len(kinds)])
	}
	s := startBare(t, conf(0))
	login := nats.UserInfo("stays", "p")
	var conns []*nats.Conn
	for range 2 * pairs {
		conns = append(conns, s.dial(login))
	}
	before, files := s.goroutines(), s.FDs()
	var flows []*traffic
	for i := range pairs {
		flows = append(flows, flow(t, conns[2*i], conns[2*i+1], fmt.Sprintf("storm.%d", i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var victims errgroup.Group
	lives := 0
	victims.Go(func() error { // is cut and comes back all the time
		for ctx.Err() == nil {
			c, err := harness.Open(s.scope.Addr("port"))
			if err != nil {
				continue // the port has moved
			}
			if c.Send("CONNECT {\"verbose\":false,\"user\":\"victim\",\"pass\":\"p0\"}\r\nSUB x 1\r\nPING\r\n") == nil {
				for f, err := c.Next(20 * time.Millisecond); err == nil && f.Verb != "PONG"; {
					f, err = c.Next(20 * time.Millisecond)
				}
				lives++
			}
			_ = c.Close()
		}
		return nil
	})
	began := time.Now()
	for i := range reloads {
		if err := s.SetConfig(s.scope.Expand(conf(i + 1))); err != nil {
			t.Fatal(err)
		}
		if err := s.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		tag := fmt.Sprintf("n%d", i+1)
		if !harness.Eventually(patience, func() bool { return s.tagged(tag) }) {
			t.Fatalf("reload %d is not in force", i+1)
		}
	}
	took := time.Since(began)
	if err := s.tryBare(conf(0) + "# quiet again"); err != nil {
		t.Fatal(err)
	}
	cancel()
	_ = victims.Wait()
	messages := uint64(0)
	for i, f := range flows {
		f.end(t, conns[2*i+1])
		messages += f.sent.Load()
	}
	for i, nc := range conns {
		if !nc.IsConnected() {
			t.Errorf("connection %d was cut: %v", i, nc.LastError())
		}
	}
	if log := s.log(); strings.Contains(log, refused) || strings.Contains(log, "anic") {
		t.Errorf("the log says:\n%s", log)
	}
	now, open := 0, 0
	if !harness.Eventually(patience, func() bool {
		now, open = s.goroutines(), s.FDs()
		return now <= before+1 && open <= files+1
	}) {
		t.Errorf("%d goroutines and %d open files, at first %d and %d", now, open, before, files)
	}
	t.Logf("%d reloads in %v, %d messages, %d short lives", reloads, took.Round(time.Millisecond), messages, lives)
}

// tagged tells whether the configuration with that tag is in force, as monitoring has it on either path.
func (s *server) tagged(tag string) bool {
	for _, path := range []string{"/varz", "/x/varz"} {
		code, body, err := s.Get(path)
		if err == nil && code == http.StatusOK {
			return strings.Contains(string(body), `"`+tag+`"`)
		}
	}
	return false
}

// TestStormOfSignals: two hundred changes in a second, each with a SIGHUP, while a hundred clients exchange
// numbered messages, fifty thousand in a second. Nobody waits for anything; nothing is lost, and the last one wins.
func TestStormOfSignals(t *testing.T) {
	t.Parallel()
	const clients = 100
	seconds := soak(2, 20)
	conf := func(i int) string {
		return listen + fmt.Sprintf("prof_port: <prof_port>\nserver_tags: n%d\nmax_payload: %d\n"+
			"authorization { users: [ {user: stays, password: p}, {user: other%d, password: p} ] }\n", i, 100_000+i, i)
	}
	s := startBare(t, conf(0))
	login := nats.UserInfo("stays", "p")
	var conns []*nats.Conn
	for range clients {
		conns = append(conns, s.dial(login))
	}
	before, files := s.goroutines(), s.FDs()
	var flows []*traffic
	for i := range clients / 2 {
		flows = append(flows, paced(t, conns[2*i], conns[2*i+1], fmt.Sprintf("storm.%d", i), 15*time.Millisecond)) // 50,000 in a second
	}
	sent := func() (n uint64) {
		for _, f := range flows {
			n += f.sent.Load()
		}
		return n
	}
	began, first := time.Now(), sent()
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	n := 0
	for ; n < 200*seconds; n++ {
		<-pace.C
		if err := s.SetConfig(s.scope.Expand(conf(n + 1))); err != nil {
			t.Fatal(err)
		}
		if err := s.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	took, messages := time.Since(began), sent()-first
	if !harness.Eventually(patience, func() bool { return s.tagged(fmt.Sprintf("n%d", n)) }) {
		t.Error("the last one is not in force")
	}
	for i, f := range flows {
		f.end(t, conns[2*i+1])
	}
	for i, nc := range conns {
		if !nc.IsConnected() {
			t.Errorf("connection %d was cut: %v", i, nc.LastError())
		}
	}
	if log := s.log(); strings.Contains(log, refused) || strings.Contains(log, "anic") {
		t.Errorf("the log says:\n%s", log)
	}
	now, open := 0, 0
	if !harness.Eventually(patience, func() bool {
		now, open = s.goroutines(), s.FDs()
		return now <= before+1 && open <= files+1
	}) {
		t.Errorf("%d goroutines and %d open files, at first %d and %d", now, open, before, files)
	}
	rate := func(n uint64) int { return int(float64(n) / took.Seconds()) }
	t.Logf("%d signals in %v (%d in a second), %d messages in a second, %d reloads", n, took.Round(time.Millisecond), rate(uint64(n)), rate(messages), strings.Count(s.log(), reloaded))
}
