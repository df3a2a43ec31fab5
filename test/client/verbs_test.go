package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// TestVerbs goes through what a client can ask of one server, on one server for all.
func TestVerbs(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for name, test := range map[string]func(*testing.T, *harness.Server, string){
		"publish": publish, "wildcards": wildcards, "unsubscribe": unsubscribe, "request": request,
		"no responders": noResponders, "headers": headers, "queue": queue, "no echo": noEcho,
		"empty and large": sizes, "rtt": rtt, "max payload": maxPayload, "old style request": oldRequest,
		"drain": drain, "any bytes": anyBytes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Every test speaks below its own root so that they do not meet.
			test(t, s, strings.ReplaceAll(name, " ", "_")+".")
		})
	}
}

func publish(t *testing.T, s *harness.Server, root string) {
	a, b := dial(t, s), dial(t, s)
	sub := subscribe(t, b, root+"foo")
	check(t, a.PublishRequest(root+"foo", root+"answer", []byte("hello")))
	m := next(t, sub)
	if string(m.Data) != "hello" || m.Subject != root+"foo" || m.Reply != root+"answer" {
		t.Errorf("got %q on %s, reply %s", m.Data, m.Subject, m.Reply)
	}
	silent(t, sub)
}

func wildcards(t *testing.T, s *harness.Server, root string) {
	nc := dial(t, s)
	star, more, all := subscribe(t, nc, root+"*"), subscribe(t, nc, root+"a.>"), subscribe(t, nc, root+">")
	for _, subject := range []string{"a", "a.b", "a.b.c", "b"} {
		check(t, nc.Publish(root+subject, []byte(subject)))
	}
	check(t, nc.Flush())
	for _, c := range []struct {
		sub  *nats.Subscription
		want []string
	}{{star, []string{"a", "b"}}, {more, []string{"a.b", "a.b.c"}}, {all, []string{"a", "a.b", "a.b.c", "b"}}} {
		for _, w := range c.want {
			if got := string(next(t, c.sub).Data); got != w {
				t.Errorf("%s: got %q, want %q", c.sub.Subject, got, w)
			}
		}
		silent(t, c.sub)
	}
}

func unsubscribe(t *testing.T, s *harness.Server, root string) {
	nc := dial(t, s)
	limited, gone := subscribe(t, nc, root+"x"), subscribe(t, nc, root+"x")
	check(t, limited.AutoUnsubscribe(3))
	check(t, gone.Unsubscribe())
	for i := range 5 {
		check(t, nc.Publish(root+"x", fmt.Append(nil, i)))
	}
	check(t, nc.Flush())
	for i := range 3 {
		if got := string(next(t, limited).Data); got != fmt.Sprint(i) {
			t.Errorf("message %d is %q", i, got)
		}
	}
	if _, err := limited.NextMsg(100 * time.Millisecond); !errors.Is(err, nats.ErrMaxMessages) {
		t.Errorf("after the last message: %v", err)
	}
}

func request(t *testing.T, s *harness.Server, root string) {
	service, nc := dial(t, s), dial(t, s)
	must[*nats.Subscription](t)(service.Subscribe(root+"svc", func(m *nats.Msg) {
		if err := m.Respond(append([]byte("re:"), m.Data...)); err != nil {
			t.Error(err)
		}
	}))
	check(t, service.Flush())
	for i := range 100 {
		m := must[*nats.Msg](t)(nc.Request(root+"svc", fmt.Append(nil, i), patience))
		if got := string(m.Data); got != fmt.Sprintf("re:%d", i) {
			t.Fatalf("request %d got %q", i, got)
		}
	}
}

func oldRequest(t *testing.T, s *harness.Server, root string) {
	service, nc := dial(t, s), dial(t, s, nats.UseOldRequestStyle())
	must[*nats.Subscription](t)(service.Subscribe(root+"svc", func(m *nats.Msg) { _ = m.Respond([]byte("ok")) }))
	check(t, service.Flush())
	if m := must[*nats.Msg](t)(nc.Request(root+"svc", nil, patience)); string(m.Data) != "ok" {
		t.Errorf("got %q", m.Data)
	}
}

func noResponders(t *testing.T, s *harness.Server, root string) {
	nc := dial(t, s)
	began := time.Now()
	if _, err := nc.Request(root+"nobody", nil, patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the answer took %v", took)
	}
}

func headers(t *testing.T, s *harness.Server, root string) {
	nc := dial(t, s)
	sub := subscribe(t, nc, root+"h")
	m := nats.NewMsg(root + "h")
	m.Header.Add("Color", "red")
	m.Header.Add("Color", "green")
	m.Header.Set("Empty", "")
	m.Data = []byte("body")
	check(t, nc.PublishMsg(m))
	got := next(t, sub)
	if string(got.Data) != "body" || strings.Join(got.Header.Values("Color"), " ") != "red green" || len(got.Header) != 2 {
		t.Errorf("got %q with %v", got.Data, got.Header)
	}
}

func queue(t *testing.T, s *harness.Server, root string) {
	const members, messages = 4, 400
	pub := dial(t, s)
	all := make(chan string, 2*messages)
	for i := range members {
		nc := dial(t, s)
		must[*nats.Subscription](t)(nc.QueueSubscribe(root+"q", "workers", func(m *nats.Msg) { all <- fmt.Sprint(i) }))
		check(t, nc.Flush())
	}
	plain := subscribe(t, pub, root+"q")
	for range messages {
		check(t, pub.Publish(root+"q", nil))
	}
	check(t, pub.Flush())
	count := map[string]int{}
	for range messages {
		count[arrives(t, "queue message", all)]++
		next(t, plain)
	}
	select {
	case <-all:
		t.Error("a message came to two members")
	case <-time.After(100 * time.Millisecond):
	}
	for i := range members {
		if n := count[fmt.Sprint(i)]; n < messages/members/3 {
			t.Errorf("member %d got %d of %d messages: %v", i, n, messages, count)
		}
	}
}

func noEcho(t *testing.T, s *harness.Server, root string) {
	nc, other := dial(t, s, nats.NoEcho()), dial(t, s)
	own, theirs := subscribe(t, nc, root+"e"), subscribe(t, other, root+"e")
	check(t, nc.Publish(root+"e", []byte("x")))
	next(t, theirs)
	silent(t, own)
}

func sizes(t *testing.T, s *harness.Server, root string) {
	nc := dial(t, s)
	sub := subscribe(t, nc, root+"s")
	for _, n := range []int{0, 1, 511, 512, 513, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 20} {
		data := []byte(strings.Repeat("0123456789abcdef", n/16+1))[:n]
		check(t, nc.Publish(root+"s", data))
		if got := next(t, sub).Data; string(got) != string(data) {
			t.Errorf("%d bytes came back as %d others", n, len(got))
		}
	}
}

func rtt(t *testing.T, s *harness.Server, _ string) {
	if d := must[time.Duration](t)(dial(t, s).RTT()); d <= 0 || d > time.Second {
		t.Errorf("round trip of %v", d)
	}
}

func maxPayload(t *testing.T, s *harness.Server, root string) {
	nc := dial(t, s)
	if nc.MaxPayload() != 1<<20 {
		t.Errorf("max payload %d", nc.MaxPayload())
	}
	if err := nc.Publish(root+"big", make([]byte, 1<<20+1)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("got %v", err)
	}
	if !nc.HeadersSupported() {
		t.Error("headers are not supported")
	}
}

// drain: what was published before is still delivered, then the connection closes.
func drain(t *testing.T, s *harness.Server, root string) {
	closed := make(chan struct{})
	nc := dial(t, s, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	const n = 1000
	got := make(chan string, n)
	must[*nats.Subscription](t)(nc.Subscribe(root+"d", func(m *nats.Msg) { got <- string(m.Data) }))
	check(t, nc.Flush())
	pub := dial(t, s)
	for i := range n {
		check(t, pub.Publish(root+"d", fmt.Append(nil, i)))
	}
	check(t, pub.Flush())
	check(t, nc.Drain())
	arrives(t, "closed handler", closed)
	if len(got) != n {
		t.Errorf("%d of %d messages came before the end", len(got), n)
	}
	check(t, pub.LastError())
}

// anyBytes: every byte value passes, also those that look like the end of a line.
func anyBytes(t *testing.T, s *harness.Server, root string) {
	nc := dial(t, s)
	sub := subscribe(t, nc, root+"b")
	var data []byte
	for i := range 1024 {
		data = append(data, byte(i), '\r', '\n')
	}
	check(t, nc.Publish(root+"b", data))
	if got := next(t, sub).Data; string(got) != string(data) {
		t.Error("the payload came back changed")
	}
}
