package perm_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"natsd/internal/perm"
)

// matches is subject matching over split strings. With emptyTokens it is that of
// queue names.
func matches(filter, text string, emptyTokens bool) bool {
	f, s := strings.Split(filter, "."), strings.Split(text, ".")
	if !emptyTokens && slices.Contains(s, "") {
		return false
	}
	if f[len(f)-1] == ">" && len(s) >= len(f) {
		f, s = f[:len(f)-1], s[:len(f)-1]
	}
	return slices.EqualFunc(f, s, func(f, s string) bool { return f == "*" || f == s })
}

// concerns reports whether an entry speaks about subscriptions to text in queue.
func concerns(entry, text, queue string) bool {
	subject, pattern, hasQueue := strings.Cut(entry, " ")
	return matches(subject, text, false) && (!hasQueue || queue != "" && matches(pattern, queue, true))
}

// accepts is the whole rule for a subscription.
func accepts(r *perm.SubjectRules, text, queue string) bool {
	return allows(r, text, queue) && !denies(r, text, queue)
}

func allows(r *perm.SubjectRules, text, queue string) bool {
	if r.Allow == nil {
		return true
	}
	var plain, groups, named bool
	for _, e := range r.Allow {
		subject, _, isGroup := strings.Cut(e, " ")
		switch {
		case !isGroup:
			plain = plain || concerns(e, text, queue)
		case queue != "" && matches(subject, text, false):
			groups, named = true, named || concerns(e, text, queue)
		}
	}
	return named || plain && !groups
}

func denies(r *perm.SubjectRules, text, queue string) bool {
	return slices.ContainsFunc(r.Deny, func(e string) bool { return concerns(e, text, queue) })
}

// delivers is the whole rule for a message on s through a subscription. The
// universe is every literal subject there is.
func delivers(r *perm.SubjectRules, filter, queue, s string, universe []string) bool {
	covered := r.Allow == nil || allows(r, filter, queue) && slices.ContainsFunc(r.Allow, func(e string) bool {
		return !slices.ContainsFunc(universe, func(u string) bool {
			return matches(filter, u, false) && !concerns(e, u, queue)
		})
	})
	return !denies(r, s, queue) && (covered || allows(r, s, queue))
}

var (
	// c is in no entry and no subscription: it stands for all other tokens.
	universe = texts(4, "a", "b", "c")
	filters  = slices.DeleteFunc(texts(3, "a", "b", "*", ">"), func(f string) bool { return strings.Contains(f, ">.") })
	queues   = []string{"", "q", "r", "q.x", "q.x.y", "q..x", "q.>", ">", "*"}
	patterns = []string{"q", "r", "q.*", "q.>", "*", ">", "*.x"}
)

// texts returns all subjects of 1 to n tokens.
func texts(n int, tokens ...string) []string {
	all := slices.Clone(tokens)
	if n == 1 {
		return all
	}
	for _, t := range tokens {
		for _, tail := range texts(n-1, tokens...) {
			all = append(all, t+"."+tail)
		}
	}
	return all
}

// drawRules draws an allow and a deny list.
func drawRules(t *rapid.T, queues bool) *perm.SubjectRules {
	entry := rapid.Custom(func(t *rapid.T) string {
		e := rapid.SampledFrom(filters).Draw(t, "entry")
		if queues && rapid.Bool().Draw(t, "for a queue") {
			e += " " + rapid.SampledFrom(patterns).Draw(t, "pattern")
		}
		return e
	})
	var r perm.SubjectRules
	if rapid.Bool().Draw(t, "allow list") {
		r.Allow = rapid.SliceOfN(entry, 0, 5).Draw(t, "allow")
	}
	r.Deny = rapid.SliceOfN(entry, 0, 4).Draw(t, "deny")
	return &r
}

func TestSubscribeAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t, true)
		s, err := perm.Compile(&perm.Rules{Subscribe: r})
		if err != nil {
			t.Fatal(err)
		}
		filter := rapid.SampledFrom(filters).Draw(t, "filter")
		queue := rapid.SampledFrom(queues).Draw(t, "queue")

		want := accepts(r, filter, queue)
		if got := s.Subscribe([]byte(filter), []byte(queue)); got != want {
			t.Errorf("SUB %s %s: allowed %v, want %v", filter, queue, got, want)
		}
		f := s.Filter([]byte(filter), []byte(queue))
		for _, u := range universe {
			if !matches(filter, u, false) {
				continue
			}
			want := delivers(r, filter, queue, u, universe)
			if got := !f.Denies([]byte(u)); got != want {
				t.Errorf("message on %s through %s %s: delivered %v, want %v", u, filter, queue, got, want)
			}
			// What the lists are for, said in the plainest way.
			named := func(e string) bool { return concerns(e, u, queue) }
			if want && (slices.ContainsFunc(r.Deny, named) || r.Allow != nil && !slices.ContainsFunc(r.Allow, named)) {
				t.Errorf("message on %s through %s %s: the model itself is wrong", u, filter, queue)
			}
		}
	})
}

func TestPublishAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t, false)
		s, err := perm.Compile(&perm.Rules{Publish: r})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range slices.Concat(universe, filters, []string{"", ".", "a..b", ".a", "a."}) {
			if got, want := s.Publish([]byte(u)), accepts(r, u, ""); got != want {
				t.Errorf("PUB %s: allowed %v, want %v", u, got, want)
			}
		}
	})
}

// TestFilterOnlyWhereNeeded checks that subscriptions which deliver everything
// have no filter, which would cost time for every message.
func TestFilterOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t, true)
		s, err := perm.Compile(&perm.Rules{Subscribe: r})
		if err != nil {
			t.Fatal(err)
		}
		filter := rapid.SampledFrom(filters).Draw(t, "filter")
		queue := rapid.SampledFrom(queues).Draw(t, "queue")
		if !accepts(r, filter, queue) || r.Allow != nil || s.Filter([]byte(filter), []byte(queue)) == nil {
			return
		}
		if !slices.ContainsFunc(universe, func(u string) bool {
			return matches(filter, u, false) && denies(r, u, queue)
		}) {
			t.Errorf("%s %s has a filter that cannot deny anything", filter, queue)
		}
	})
}
