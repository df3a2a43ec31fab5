package broker

import (
	"fmt"
	"strconv"
	"testing"
)

// numbers is a sink that checks the order of numbered messages. It takes room of them, all if
// negative.
type numbers struct {
	t    *testing.T
	seen map[int]bool // shared by a group
	last int
	got  int
	room int
}

func (n *numbers) Deliver(_ *Batch, _ *Sub, r *Run) int {
	msgs := r.Msgs
	if n.room >= 0 {
		msgs = msgs[:min(len(msgs), n.room)]
		n.room -= len(msgs)
	}
	for i := range msgs {
		v, err := strconv.Atoi(string(msgs[i].Body))
		if err != nil || v <= n.last || n.seen[v] {
			n.t.Errorf("message %q after %d, seen before: %v", msgs[i].Body, n.last, n.seen[v])
		}
		n.last, n.seen[v] = v, true
		n.got++
	}
	return len(msgs)
}

// Whatever the length of the runs, each message goes to one member, and each member sees its own in
// order. What a member leaves goes to another one.
func TestQueueGroupsShareRuns(t *testing.T) {
	t.Parallel()
	const total = 5000
	for _, rooms := range [][]int{{-1}, {-1, -1, -1}, {10, -1, 0}, {0, 3, 0, 5, -1}, {7, 9}} {
		for _, length := range []int{1, 2, 7, RunMax, RunMax - 1} {
			a, seen, space := New().Open("A"), map[int]bool{}, 0
			var members []*numbers
			for i, room := range rooms {
				m := &numbers{t: t, seen: seen, last: -1, room: room}
				members = append(members, m)
				a.Subscribe(nil, sub("foo", "q", fmt.Sprint(i), m))
				if space += room; room < 0 {
					space = total
				}
			}
			delivered := 0
			b := Begin()
			for next := 0; next < total; {
				msgs := make([]Msg, min(length, total-next))
				for i := range msgs {
					msgs[i].Body = fmt.Append(nil, next+i)
				}
				next += len(msgs)
				delivered += a.Publish(b, &Run{Subject: []byte("foo"), From: &Origin{}, Msgs: msgs})
			}
			b.End(0)
			if want := min(space, total); delivered != want || len(seen) != want {
				t.Errorf("rooms %v, runs of %d: %d delivered, %d seen, want %d", rooms, length, delivered, len(seen), want)
			}
			if rooms[0] == -1 && len(rooms) == 3 {
				for i, m := range members {
					if m.got < total/5 {
						t.Errorf("runs of %d: member %d got %d of %d", length, i, m.got, total)
					}
				}
			}
		}
	}
}

// A member that publishes to another group while it is being delivered to does not disturb its own
// part of the run.
func TestQueueGroupsNest(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	seen := map[int]bool{}
	for i := range 3 {
		first := &numbers{t: t, seen: seen, last: -1, room: -1}
		a.Subscribe(nil, sub("one", "q", fmt.Sprint(i), &relay{nested: nested{a, "two"}, next: first}))
		a.Subscribe(nil, sub("two", "q", fmt.Sprint(i), &counting{}))
	}
	b := Begin()
	for i := range b.Msgs {
		b.Msgs[i].Body = fmt.Append(nil, i)
	}
	a.Publish(b, &Run{Subject: []byte("one"), From: &Origin{}, Msgs: b.Msgs[:]})
	b.End(0)
	if len(seen) != RunMax {
		t.Errorf("%d messages, want %d", len(seen), RunMax)
	}
}

// relay publishes first and hands over then.
type relay struct {
	nested

	next Sink
}

func (r *relay) Deliver(b *Batch, s *Sub, run *Run) int {
	r.nested.Deliver(b, s, run)
	return r.next.Deliver(b, s, run)
}

func BenchmarkQueueGroup(b *testing.B) {
	a := New().Open("A")
	c := &counting{}
	for i := range 10 {
		a.Subscribe(nil, sub("foo.bar", "q", fmt.Sprint(i), c))
	}
	run := Run{Subject: []byte("foo.bar"), From: &Origin{Kind: Client}}
	batch := Begin()
	b.ReportAllocs()
	for b.Loop() {
		run.Msgs = batch.Msgs[:]
		a.Publish(batch, &run)
	}
	batch.End(0)
}
