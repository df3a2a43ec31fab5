package route

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hook is a log that does something at one line.
type hook struct {
	slog.Handler

	line string
	do   func()
}

func (hook) Enabled(context.Context, slog.Level) bool { return true }

func (h hook) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, h.line) {
		h.do()
	}
	return nil
}

// Two servers that dial each other at once may each turn away the connection that the other one keeps. One
// whose dialing has just come to nothing, because there was a route, has to notice when that is lost.
func TestRouteIsLostWhileDialingEnds(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	h := newHost(t, nopool)
	w := h.accept(t)
	w.join("")
	h.Log = slog.New(hook{slog.DiscardHandler, "Router connection closed: Duplicate Route", func() {
		_ = w.Close()
		eventually(t, "end of the accepted route", func() bool { return h.Tasks.Counts()["route"] == 0 })
	}})
	if err := h.AddRoute(ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	answer(t, ln)
	again := answer(t, ln)
	again.want("CONNECT ")
	again.want("INFO ")
	eventually(t, "another route", func() bool { return h.Up() == 1 })
}

// Another server that tells of one which this server is dialing in vain is right, most likely: it has seen it
// later. Since nobody tells it twice, there has to be another try.
func TestNewsWhileDialingFails(t *testing.T) {
	t.Parallel()
	h := newHost(t, nopool)
	dials, results := make(chan string, 10), make(chan error)
	h.Dial = func(ctx context.Context, hostPort string) (net.Conn, error) {
		dials <- hostPort
		select {
		case err := <-results:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	dialed := func() {
		t.Helper()
		select {
		case <-dials:
		case <-time.After(patience):
			t.Fatal("not dialed")
		}
	}
	w := h.accept(t)
	w.join("")
	news := `INFO {"server_id":"NOTHER","ip":"nats-route://127.0.0.1:1/","cluster":"C1"}`
	w.say(news)
	dialed()
	w.say(news, "PING")
	w.want("PONG")
	results <- errors.New("no route to host")
	dialed()
	results <- errors.New("no route to host")
	eventually(t, "end of dialing without news", func() bool { return h.Tasks.Counts()["dial route"] == 0 })
	if len(dials) != 0 {
		t.Error("dialed without news")
	}
	want := Target{URL: "nats-route://127.0.0.1:1", State: TargetGivenUp, ServerID: "NOTHER", LastError: "no route to host", Attempts: 1}
	if all := h.Targets(); len(all) != 1 || all[0] != want {
		t.Errorf("what came of it: %+v", all)
	}
	w.say(news, "PING")
	w.want("PONG")
	dialed()
	if all := h.Targets(); len(all) != 1 || all[0].State != TargetConnecting {
		t.Errorf("after more news: %+v", all)
	}
	results <- errors.New("no route to host")
	eventually(t, "end of dialing", func() bool { return h.Tasks.Counts()["dial route"] == 0 })
	if err := h.RemoveRoute("127.0.0.1:1"); err != nil || len(h.Targets()) != 0 {
		t.Errorf("forgotten: %v, %+v", err, h.Targets())
	}
}

// What another server tells makes this one dial routes of others only, and not any number of them.
func TestNewsHasBounds(t *testing.T) {
	t.Parallel()
	h := newHost(t, `cluster { name: C1, port: -1, pool_size: -1, compression: off, advertise: "own.example:7000" }`)
	dials := make(chan string, 2*mostHeard)
	h.Dial = func(ctx context.Context, hostPort string) (net.Conn, error) {
		dials <- hostPort
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var tooMany atomic.Int32
	h.Log = slog.New(hook{slog.DiscardHandler, "Other servers tell of more than 512 servers", func() { tooMany.Add(1) }})
	w := h.accept(t)
	w.join("")
	tell := func(id, at string) { w.say(fmt.Sprintf(`INFO {"server_id":%q,"ip":%q,"cluster":"C1"}`, id, at)) }
	for _, bad := range []string{
		"nats-route://127.0.0.1:6222/", "nats-route://own.example:7000/", "nats-route://[::ffff:127.0.0.1]:6222/", // this server
		"http://10.0.0.1:80/", "nats://10.0.0.1:6222", "10.0.0.1:6222", "nats-route://", "nats-route://10.0.0.1/", "nats-route://:6222/",
		"nats-route://10.0.0.1:0/", "nats-route://10.0.0.1:70000/", "nats-route://10.0.0.1:x/", "nats-route://u:p@10.0.0.1:6222/",
		"nats-route://10.0.0.1:6222/x", "nats-route://10.0.0.1:6222/?x", "nats-route://10.0.0.1:6222/#x", "nats-route:10.0.0.1:6222", "%zz",
	} {
		tell("NBAD", bad)
	}
	w.say("PING")
	w.want("PONG")
	if all := h.Targets(); len(all) != 0 {
		t.Fatalf("dialed %+v", all)
	}
	for i := range mostHeard + 10 {
		tell(fmt.Sprintf("N%d", i), fmt.Sprintf("nats-route://10.0.%d.%d:6222/", i/250, i%250))
	}
	w.say("PING")
	w.want("PONG")
	if n := len(h.Targets()); n != mostHeard || tooMany.Load() != 1 {
		t.Errorf("%d targets, %d lines in the log", n, tooMany.Load())
	}
	if err := h.AddRoute("10.1.0.1:6222"); err != nil {
		t.Errorf("those that an operator names do not count: %v", err)
	}
}

// answer accepts a connection of the link and says who is there.
func answer(t *testing.T, ln net.Listener) *far {
	t.Helper()
	_ = ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience)) //nolint:forcetypeassert // it is one
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	w := &far{Conn: c, tb: t, r: bufio.NewReader(c)}
	w.say(fmt.Sprintf(infoLine, ""))
	return w
}
