package server

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A burst leaves garbage and free spans behind, which Go gives back slowly or, on a server that has
// gone quiet, not at all: nothing allocates, so nothing is collected. Thousands of idle connections
// would then cost twice what they hold. So the server tidies up once when a busy time has ended.
const (
	idleLook  = 2 * time.Second
	idleMsgs  = 400     // messages within idleLook that still count as quiet
	idleBytes = 4 << 20 // allocated since the last time; below that there is nothing to gain
	idleShare = 20      // times as long as it took, it is not done again
)

// tidy gives memory back to the system whenever a busy time has ended.
func (s *Server) tidy(ctx context.Context) {
	look := time.NewTicker(idleLook)
	defer look.Stop()
	var lastMsgs, lastConns uint64
	lastAlloc := uint64(0) // the start has left garbage too
	var next time.Time
	busy := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		msgs, conns := uint64(s.conns.In.Msgs.Load()), s.conns.Total.Load()
		quiet := msgs-lastMsgs < idleMsgs && conns == lastConns
		lastMsgs, lastConns = msgs, conns
		if quiet && busy {
			s.conns.Renew()
		}
		busy = !quiet
		if now := time.Now(); quiet && now.After(next) && allocated()-lastAlloc > idleBytes {
			debug.FreeOSMemory()
			lastAlloc = allocated()
			end := time.Now()
			next = end.Add(idleShare * end.Sub(now))
		}
	}
}

// allocated is how many bytes the process has ever taken from its heap.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
