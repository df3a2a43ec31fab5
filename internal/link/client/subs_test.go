package client

import (
	"slices"
	"strconv"
	"testing"

	"natsd/internal/broker"
)

func TestSubsPassFromFewToMany(t *testing.T) {
	t.Parallel()
	var x subs
	var all []*broker.Sub
	check := func() {
		t.Helper()
		if x.len() != len(all) || len(slices.Collect(x.all())) != len(all) {
			t.Fatalf("len %d, %d in all, want %d", x.len(), len(slices.Collect(x.all())), len(all))
		}
		for _, sub := range all {
			if x.get([]byte(sub.SID)) != sub {
				t.Fatalf("%s is not there", sub.SID)
			}
		}
		if x.get([]byte("none")) != nil {
			t.Fatal("a name that nobody has given")
		}
	}
	for range 2 {
		for i := range 3 * fewSubs {
			sub := &broker.Sub{SID: strconv.Itoa(i)}
			x.add(sub)
			all = append(all, sub)
			check()
			if x.remove(&broker.Sub{SID: sub.SID}) {
				t.Fatal("removed another one of that name")
			}
		}
		for len(all) > 0 {
			i := len(all) / 2
			if !x.remove(all[i]) || x.remove(all[i]) {
				t.Fatalf("%s is not removed once", all[i].SID)
			}
			all = slices.Delete(all, i, i+1)
			check()
		}
	}
	if x.many != nil {
		t.Error("the map stays")
	}
	x.add(&broker.Sub{SID: "a"})
	x.add(&broker.Sub{SID: "b"})
	for range x.all() {
		break // must be possible
	}
}
