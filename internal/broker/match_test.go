package broker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"natsd/internal/interest"
)

// What a publisher remembers is what the index says, whatever comes and goes, and however subjects take
// places from each other.
func TestRememberedMatchesAreTrue(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	o := &Origin{Kind: Client}
	rng := rand.New(rand.NewPCG(1, 2))
	filters := []string{"s.*", "s.1*", ">", "s.>", "*.7"}
	for i := range 40 {
		filters = append(filters, fmt.Sprintf("s.%d", i))
	}
	subjects := 4 // few, and then more than there are places
	subs := map[*Sub]bool{}
	for step := range 20_000 {
		switch n := rng.IntN(100); {
		case n < 2 || len(subs) == 0:
			s := sub(filters[rng.IntN(len(filters))], "", fmt.Sprint(step), &counting{})
			if a.Subscribe(nil, s) {
				subs[s] = true
			}
		case n < 4:
			for s := range subs {
				a.Unsubscribe(nil, s)
				delete(subs, s)
				break
			}
		case n == 4:
			subjects = []int{1, 4, 30, 3 * maxMatches}[rng.IntN(4)]
		default:
			r := &Run{Subject: fmt.Appendf(nil, "s.%d", rng.IntN(subjects)), From: o}
			var want interest.Result[*Sub]
			a.index.Match(r.Subject, &want)
			b := Begin()
			if got := a.match(b, r); !slices.Equal(got.Plain, want.Plain) {
				t.Fatalf("step %d, %s: remembered %d, true %d", step, r.Subject, len(got.Plain), len(want.Plain))
			}
			b.End(0)
		}
	}
}

// Nested publishing does not disturb what the outer one goes through.
func TestNestedMatchesAreApart(t *testing.T) {
	t.Parallel()
	a := New().Open("A")
	o := &Origin{Kind: Client}
	inner := &counting{}
	a.Subscribe(nil, sub("inner.>", "", "1", inner))
	outer := &nesting{account: a, from: o}
	for i := range 3 {
		a.Subscribe(nil, sub("outer", "", fmt.Sprint(i), outer))
	}
	b := Begin()
	defer b.End(0)
	if n := a.Publish(b, &Run{Subject: []byte("outer"), From: o, Msgs: make([]Msg, 1)}); n != 3 || inner.n != 3*2*maxMatches {
		t.Errorf("%d deliveries, %d nested ones", n, inner.n)
	}
}

// nesting publishes to many subjects whenever it gets something.
type nesting struct {
	account *Account
	from    *Origin
}

func (n *nesting) Deliver(b *Batch, _ *Sub, r *Run) int {
	for i := range 2 * maxMatches {
		n.account.Publish(b, &Run{Subject: fmt.Appendf(nil, "inner.%d", i), From: n.from, Msgs: make([]Msg, 1)})
	}
	return len(r.Msgs)
}
