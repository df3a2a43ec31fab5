package route

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"

	"natsd/internal/broker"
)

// A route for which more waits than max_pending stays, as with nats-server; that is told and counted once
// each time.
func TestRouteFallsBehind(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	h := newHost(t, "max_pending: 2MB\n"+nopool)
	var told atomic.Int32
	h.Log = slog.New(hook{slog.DiscardHandler, "Slow Consumer Detected", func() { told.Add(1) }})
	w := h.accept(t)
	w.join("")
	w.say("RS+ $G foo", "PING")
	w.want("PONG")
	body := make([]byte, size)
	publish := func() {
		b := broker.Begin()
		for i := range broker.RunMax {
			b.Msgs[i] = broker.Msg{Body: body, HeaderLen: -1, SizeTok: []byte(strconv.Itoa(size))}
		}
		h.account.Publish(b, &broker.Run{Subject: []byte("foo"), From: &broker.Origin{Kind: broker.Internal}, Msgs: b.Msgs[:broker.RunMax]})
		b.End(0)
	}
	publish()
	publish()
	if n := h.Registry.SlowConsumers.Load(); n != 1 || told.Load() != 1 || h.Up() != 1 {
		t.Errorf("counted %d times, told %d times, %d routes", n, told.Load(), h.Up())
	}
	h.Tasks.Go("read", func(context.Context) { _, _ = io.Copy(io.Discard, w) })
	for _, s := range h.sessions() {
		eventually(t, "end of the queue", func() bool { return s.conn.Out.Pending() == 0 })
		s.fallBehind(h.Settings().Options.Limits.MaxPending)
		if s.behind.Load() {
			t.Error("still behind with an empty queue")
		}
	}
	_ = w.Close()
}
