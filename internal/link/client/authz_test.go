package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"natsd/internal/auth"
)

// The model of who may say and hear what: lists of entries and brute force over all subjects of a
// small world. It shares nothing with the server.

// entry is one line of a permission list; queue is empty for plain ones.
type entry struct{ subject, queue string }

func (e entry) String() string { return strings.TrimSpace(e.subject + " " + e.queue) }

// rules are what one user may do. A nil allow list allows everything.
type rules struct{ pubAllow, pubDeny, subAllow, subDeny []entry }

// subscription is one SUB.
type subscription struct {
	user, sid      int
	subject, queue string
}

// hit tells whether pattern matches text, whose wildcards are plain tokens.
func hit(pattern, text string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(text, ".")
	for i, token := range p {
		if token == ">" && i == len(p)-1 {
			return len(s) >= len(p)
		}
		if i >= len(s) || token != "*" && token != s[i] {
			return false
		}
	}
	return len(p) == len(s)
}

// world holds every literal subject of up to four tokens; z stands for all tokens that no rule names.
var world = func() []string {
	layer, all := []string{""}, []string{}
	for range 4 {
		var next []string
		for _, s := range layer {
			for _, token := range []string{"a", "b", "z"} {
				next = append(next, strings.TrimPrefix(s+"."+token, "."))
			}
		}
		all, layer = append(all, next...), next
	}
	return all
}()

// within tells whether all that inner matches is matched by outer.
func within(inner, outer string) bool {
	return !slices.ContainsFunc(world, func(s string) bool { return hit(inner, s) && !hit(outer, s) })
}

func (r *rules) mayPublish(s string) bool {
	matches := func(e entry) bool { return hit(e.subject, s) }
	return (r.pubAllow == nil || slices.ContainsFunc(r.pubAllow, matches)) && !slices.ContainsFunc(r.pubDeny, matches)
}

// allows answers for the allow list: an entry with a queue speaks for its subject alone.
func (r *rules) allows(s, queue string) bool {
	if r.subAllow == nil {
		return true
	}
	plain, named, right := false, false, false
	for _, e := range r.subAllow {
		switch {
		case !hit(e.subject, s):
		case e.queue == "":
			plain = true
		case queue != "":
			named = true
			right = right || hit(e.queue, queue)
		}
	}
	return right || plain && !named
}

func (r *rules) denies(s, queue string) bool {
	return slices.ContainsFunc(r.subDeny, func(e entry) bool {
		return hit(e.subject, s) && (e.queue == "" || queue != "" && hit(e.queue, queue))
	})
}

func (r *rules) maySubscribe(s, queue string) bool { return r.allows(s, queue) && !r.denies(s, queue) }

// covered tells whether one entry of the allow list is as wide as the subscription.
func (r *rules) covered(s, queue string) bool {
	return r.subAllow == nil || slices.ContainsFunc(r.subAllow, func(e entry) bool {
		return within(s, e.subject) && (e.queue == "" || queue != "" && hit(e.queue, queue))
	})
}

// hears tells whether a message on s is for the subscription.
func (r *rules) hears(sub subscription, s string) bool {
	return hit(sub.subject, s) && !r.denies(s, sub.queue) && (r.covered(sub.subject, sub.queue) || r.allows(s, sub.queue))
}

var (
	literals = rapid.SampledFrom([]string{"a", "b", "a.a", "a.b", "b.a", "a.b.a"})
	patterns = rapid.SampledFrom([]string{"a", "b", "a.a", "a.b", "b.a", "a.b.a", "*", ">", "a.*", "*.a", "*.*", "a.>", "*.>", "a.*.a", "b.>"})
	queues   = rapid.SampledFrom([]string{"q", "q.1", "r"})
	groups   = rapid.SampledFrom([]string{"", "", "q", "q.1", "q.*", "*", "r", "q.>"})
)

func drawEntries(t *rapid.T, name string, withQueues bool) []entry {
	if rapid.IntRange(0, 2).Draw(t, name+" is unrestricted") == 0 {
		return nil
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
		e := entry{subject: patterns.Draw(t, "subject")}
		if withQueues {
			e.queue = groups.Draw(t, "queue")
		}
		return e
	}), 1, 4).Draw(t, name)
}

func drawRules(t *rapid.T) *rules {
	return &rules{
		drawEntries(t, "publish allow", false), drawEntries(t, "publish deny", false),
		drawEntries(t, "subscribe allow", true), drawEntries(t, "subscribe deny", true),
	}
}

// conf writes the rules as configuration.
func (r *rules) conf() string {
	list := func(name string, all []entry) string {
		if all == nil {
			return ""
		}
		texts := make([]string, len(all))
		for i, e := range all {
			texts[i] = fmt.Sprintf("%q", e.String())
		}
		return name + ": [" + strings.Join(texts, ", ") + "], "
	}
	return "publish: { " + list("allow", r.pubAllow) + list("deny", r.pubDeny) + "}, subscribe: { " +
		list("allow", r.subAllow) + list("deny", r.subDeny) + "}"
}

// delivery is one message at one subscription.
type delivery struct {
	user, sid int
	body      string
}

// TestRightsAgainstModel draws users with rules, lets them subscribe and publish over connections, and
// compares who heard what with the model.
func TestRightsAgainstModel(t *testing.T) {
	t.Parallel()
	h := open(t, "")
	info, round := h.Settings().Info, 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		account := fmt.Sprintf("A%d", round)
		users := make([]*rules, rapid.IntRange(1, 3).Draw(t, "users"))
		text := "accounts { " + account + " { users: [ {user: free, password: p}\n"
		for i := range users {
			users[i] = drawRules(t)
			text += fmt.Sprintf("{user: u%d, password: p, permissions: { %s }}\n", i, users[i].conf())
		}
		o := options(h.t, text+"] } }")
		a, err := auth.New(o, nil)
		if err != nil {
			t.Fatal(err)
		}
		index := h.broker.Open(account).Index()
		h.Apply(NewSettings(o, a, info))

		var subs []subscription
		listeners := make([]*peer, len(users))
		for i, r := range users {
			listeners[i] = h.enter(fmt.Sprintf(`,"user":"u%d","pass":"p"`, i))
			defer listeners[i].Close()
			for sid := range rapid.IntRange(0, 4).Draw(t, "subscriptions") {
				s := subscription{i, sid, patterns.Draw(t, "filter"), ""}
				if rapid.Bool().Draw(t, "in a group") {
					s.queue = queues.Draw(t, "group")
				}
				listeners[i].say(strings.Join(strings.Fields(fmt.Sprintf("SUB %s %s %d", s.subject, s.queue, s.sid)), " ") + "\r\nPING\r\n")
				refused := strings.HasPrefix(listeners[i].line(), "-ERR 'Permissions Violation for Subscription to ")
				if refused {
					listeners[i].expect("PONG")
				}
				if refused == r.maySubscribe(s.subject, s.queue) {
					t.Fatalf("%+v, rules %+v: refused %v", s, r, refused)
				}
				if !refused {
					subs = append(subs, s)
				}
			}
		}
		if n := index.Len(); n != len(subs) {
			t.Fatalf("%d subscriptions, want %d", n, len(subs))
		}

		published := map[string]string{} // body: subject
		for i, r := range users {
			p := h.enter(fmt.Sprintf(`,"user":"u%d","pass":"p"`, i))
			defer p.Close()
			for n, s := range rapid.SliceOfN(rapid.OneOf(literals, rapid.Just("a.*")), 1, 8).Draw(t, "messages") {
				body := fmt.Sprintf("%d-%d", i, n)
				p.say(fmt.Sprintf("PUB %s %d\r\n%s\r\nPING\r\n", s, len(body), body))
				refused := strings.HasPrefix(p.line(), "-ERR 'Permissions Violation for Publish to ")
				if refused {
					p.expect("PONG")
				}
				if refused == r.mayPublish(s) {
					t.Fatalf("publish %s, rules %+v: refused %v", s, r, refused)
				}
				if !refused {
					published[body] = s
				}
			}
		}

		got := map[delivery]int{}
		for i, p := range listeners {
			p.say("PING\r\n")
			for line := p.line(); line != "PONG"; line = p.line() {
				var subject string
				var sid, size int
				if _, err := fmt.Sscanf(line, "MSG %s %d %d", &subject, &sid, &size); err != nil {
					t.Fatalf("user %d reads %q", i, line)
				}
				body := p.line()
				if published[body] != subject {
					t.Fatalf("%q on %s was published on %q", body, subject, published[body])
				}
				got[delivery{i, sid, body}]++
			}
		}
		compare(t, users, subs, published, got)
	})
}

// compare checks what was delivered: to each plain subscription that hears it, and to one of each group.
func compare(t *rapid.T, users []*rules, subs []subscription, published map[string]string, got map[delivery]int) {
	for body, s := range published {
		inGroup, heard := map[string]int{}, map[string]int{}
		for _, sub := range subs {
			n, hears := got[delivery{sub.user, sub.sid, body}], users[sub.user].hears(sub, s)
			delete(got, delivery{sub.user, sub.sid, body})
			switch {
			case sub.queue != "" && hears:
				inGroup[sub.queue]++
				heard[sub.queue] += n
			case n != 0 && !hears, n != 1 && hears:
				t.Fatalf("%+v, rules %+v: %s arrived %d times, hears %v", sub, users[sub.user], s, n, hears)
			}
		}
		for queue, members := range inGroup {
			if heard[queue] != 1 {
				t.Fatalf("%s arrived %d times in group %s of %d", s, heard[queue], queue, members)
			}
		}
	}
	if len(got) > 0 {
		t.Fatalf("deliveries to nobody: %v", got)
	}
}
