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
	idleBytes = 4 << 20 // allocated within idleLook that still count as quiet, and that are not worth a collection
	idleShare = 20      // times as long as it took, it is not done again
)

// tidy gives memory back to the system whenever a busy time has ended.
func (s *Server) tidy(ctx context.Context) {
	look := time.NewTicker(idleLook)
	defer look.Stop()
	var last activity
	tidied := uint64(0) // allocated until then; the start has left garbage too
	var next time.Time
	for busy := true; ; {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		now := s.activity()
		quiet := now.quietSince(last)
		last = now
		if quiet && busy {
			s.conns.Renew()
		}
		busy = !quiet
		if begin := time.Now(); quiet && begin.After(next) && now.allocated-tidied > idleBytes {
			debug.FreeOSMemory()
			tidied = allocated()
			end := time.Now()
			next = end.Add(idleShare * end.Sub(begin))
		}
	}
}

// activity is what the server has done since its start.
type activity struct {
	msgs, conns uint64
	allocated   uint64 // bytes
}

func (s *Server) activity() activity {
	return activity{msgs: uint64(s.conns.In.Msgs.Load()), conns: s.conns.Total.Load(), allocated: allocated()}
}

// quietSince tells whether little has been done since last, which was idleLook ago.
func (a activity) quietSince(last activity) bool {
	return a.msgs-last.msgs < idleMsgs && a.conns == last.conns && a.allocated-last.allocated < idleBytes
}

// allocated is how many bytes the process has ever taken from its heap.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
