package system

import (
	"testing"

	"natsd/internal/broker"
	"natsd/internal/event"
	"natsd/internal/status"
)

// BenchmarkComeAndGo is what the system account costs per connection, with nobody listening and with one
// who listens to everything.
func BenchmarkComeAndGo(b *testing.B) {
	for _, listeners := range []string{"nobody", "one"} {
		b.Run(listeners, func(b *testing.B) {
			h := newHouse(b)
			if listeners == "one" {
				h.sys.Subscribe(nil, &broker.Sub{Subject: "$SYS.>", SID: "1", Sink: deaf{}})
			}
			f := facts(7, "APP", "bob")
			opened := &event.Event{Data: event.Opened{Facts: f}}
			closed := &event.Event{Data: event.Closed{Closed: &status.Closed{Conn: status.Conn{Facts: f}, Reason: "Client Closed"}}}
			b.ReportAllocs()
			for b.Loop() {
				h.tellEvent(opened)
				h.tellEvent(closed)
			}
		})
	}
}

// deaf is a sink that takes everything.
type deaf struct{}

func (deaf) Deliver(_ *broker.Batch, _ *broker.Sub, r *broker.Run) int { return len(r.Msgs) }
