package perm_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/perm"
)

// verdicts are the answers of a table, by "subject" or "subject queue".
type verdicts map[string]bool

func subscribe(allow, deny []string) *perm.Rules {
	return &perm.Rules{Subscribe: &perm.SubjectRules{Allow: allow, Deny: deny}}
}

func publish(allow, deny []string) *perm.Rules {
	return &perm.Rules{Publish: &perm.SubjectRules{Allow: allow, Deny: deny}}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules *perm.Rules
		want  verdicts
	}{
		{"no rules", nil, verdicts{">": true, "foo q": true}},
		{"no allow list, no deny list", subscribe(nil, nil), verdicts{">": true, "foo q": true}},
		{"empty allow list", subscribe([]string{}, nil), verdicts{"foo": false, "foo q": false, ">": false}},
		{
			"allow and deny",
			subscribe([]string{"sub.>", "_INBOX.>"}, []string{"sub.secret", "sub.hidden.*"}),
			verdicts{
				"sub.x": true, "other": false, "sub.secret": false, "sub.hidden.*": false,
				"sub.>": true, ">": false, "sub.hidden.>": false, "sub.hidden.a": false,
				"sub.hidden.a.b": true, "sub": false, "sub.*": true, "_INBOX.a.*": true,
				"sub.secret q": false, "sub.x q": true,
			},
		},
		{"plain list", subscribe([]string{"b", "c.>"}, nil), verdicts{"b": true, "c.>": true, "c": false, "c.*": true, "*": false}},
		{
			"only a group",
			subscribe([]string{"foo v1"}, nil),
			verdicts{"foo": false, "foo v1": true, "foo v2": false, "bar v1": false},
		},
		{
			"plain and groups",
			subscribe([]string{"foo", "foo v1", "bar", "foo v2.*"}, nil),
			verdicts{"foo": true, "foo v1": true, "foo v9": false, "foo v2.x": true, "foo v2.x.y": false, "bar any": true, "bar": true},
		},
		{
			"denied groups",
			subscribe(nil, []string{"foo q.>", "bar"}),
			verdicts{"foo": true, "foo q.a": false, "foo other": true, "bar": false, "bar q": false, "foo q": true},
		},
		{
			"a group entry does not weaken a plain deny",
			subscribe(nil, []string{"foo", "foo q1"}),
			verdicts{"foo": false, "foo q1": false, "foo q2": false},
		},
		{
			"groups with wildcard subjects",
			subscribe([]string{"foo", "foo.* v1", "foo.> v2"}, nil),
			verdicts{
				"foo": true, "foo x": true, "foo.a v1": true, "foo.a v2": true, "foo.a v3": false, "foo.a": false,
				"foo.> v2": true, "foo.> v1": true, "foo.* v1": true, "foo.* v2": true,
			},
		},
		{
			"group patterns take names that are no subjects",
			subscribe(nil, []string{"baz *", "qux >"}),
			verdicts{"baz q": false, "baz a.b": true, "baz .": true, "qux a..b": false, "qux .": false, "qux": true},
		},
		{"allowed narrower", subscribe([]string{"sub.*"}, nil), verdicts{"sub.*": true, "sub.>": true, "sub.x": true, "sub.x.y": false, ">": false, "*": false}},
		{"invalid subjects", subscribe([]string{">"}, []string{"foo.>"}), verdicts{"foo..bar": false, ".": false, "": false, "a.>.c": true}},
		{"invalid subjects, deny only", subscribe(nil, []string{"foo.>"}), verdicts{"foo..bar": true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, tt.rules)
			for sub, want := range tt.want {
				subject, queue := split(sub)
				if got := s.Subscribe(subject, queue); got != want {
					t.Errorf("SUB %s: allowed %v, want %v", sub, got, want)
				}
			}
		})
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules *perm.Rules
		want  verdicts
	}{
		{"no rules", nil, verdicts{"foo": true, "": true}},
		{"subscribe rules only", subscribe([]string{"x"}, nil), verdicts{"foo": true}},
		{
			"allow and deny",
			publish([]string{"pub.>", "ok"}, []string{"pub.secret.>"}),
			verdicts{"pub.x": true, "ok": true, "pub.secret.x": false, "nope": false, "pub.secret": true, "pub": false},
		},
		{"one level", publish([]string{"a.*"}, nil), verdicts{"a.x": true, "a.x.y": false, "a.": false, "a": false}},
		{"wildcards are text", publish([]string{"x.*"}, []string{"x.no"}), verdicts{"x.*": true, "x.>": true, "x.no": false}},
		{"empty tokens", publish([]string{">"}, nil), verdicts{"a..b": false, "": false, ".a": false, "a": true}},
		{"empty allow list", publish([]string{}, nil), verdicts{"a": false}},
		{"responses take the general right", &perm.Rules{Responses: &perm.Responses{}}, verdicts{"a": false}},
		{
			"responses beside a deny list",
			&perm.Rules{Publish: &perm.SubjectRules{Deny: []string{"x"}}, Responses: &perm.Responses{}},
			verdicts{"y": false, "x": false},
		},
		{
			"responses beside an allow list",
			&perm.Rules{Publish: &perm.SubjectRules{Allow: []string{"x"}}, Responses: &perm.Responses{}},
			verdicts{"y": false, "x": true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, tt.rules)
			for subject, want := range tt.want {
				if got := s.Publish([]byte(subject)); got != want {
					t.Errorf("PUB %s: allowed %v, want %v", subject, got, want)
				}
			}
		})
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		rules  *perm.Rules
		sub    string
		denies verdicts // nil: there must be no filter
	}{
		{"no rules", nil, ">", nil},
		{"no deny", subscribe([]string{"sub.>"}, nil), "sub.>", nil},
		{"deny elsewhere", subscribe(nil, []string{"foo.*"}), "bar.>", nil},
		{"literal", subscribe(nil, []string{"foo.*", "x"}), "foo", nil},
		{
			"wider than a deny entry",
			subscribe([]string{"sub.>"}, []string{"sub.secret", "sub.hidden.*"}), "sub.>",
			verdicts{"sub.x": false, "sub.secret": true, "sub.hidden.a": true, "sub.hidden.a.b": false},
		},
		{
			"a group is filtered like a plain subscription",
			subscribe(nil, []string{"foo.secret"}), "foo.* workers",
			verdicts{"foo.x": false, "foo.secret": true},
		},
		{
			"an entry for the group",
			subscribe(nil, []string{"foo.secret workers.*", "bar"}), "foo.* workers.a",
			verdicts{"foo.x": false, "foo.secret": true},
		},
		{"an entry for another group", subscribe(nil, []string{"foo.secret workers"}), "foo.* others", nil},
		{"an entry for a group does not concern a plain one", subscribe(nil, []string{"foo.secret workers"}), "foo.*", nil},
		{
			"both kinds of entries",
			subscribe([]string{"> g"}, []string{"a.b g", "a.c"}), "> g",
			verdicts{"a.b": true, "a.c": true, "a.d": false},
		},
		{
			"wider than the allow entry that accepts it",
			subscribe([]string{"sub.*"}, nil), "sub.>",
			verdicts{"sub.x": false, "sub.x.y": true},
		},
		{
			"refused, but there",
			subscribe([]string{"a", "b.* q"}, []string{"a.b"}), "> q",
			verdicts{"a": false, "b.x": false, "a.b": true, "c": true},
		},
		{
			"refused for its group, but there",
			subscribe([]string{"a.>", "a.> v1"}, nil), "a.* v2",
			verdicts{"a.x": true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := compile(t, tt.rules).Filter(split(tt.sub))
			if (f != nil) != (tt.denies != nil) {
				t.Fatalf("there is a filter: %v, want %v", f != nil, tt.denies != nil)
			}
			for subject, want := range tt.denies {
				if got := f.Denies([]byte(subject)); got != want {
					t.Errorf("message on %s: denied %v, want %v", subject, got, want)
				}
			}
		})
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]*perm.Rules{
		"publish allow":   publish([]string{"ok", "a..b"}, nil),
		"publish deny":    publish(nil, []string{"a..b"}),
		"subscribe allow": subscribe([]string{"a..b"}, nil),
		"subscribe deny":  subscribe([]string{"ok"}, []string{"x y", "a..b"}),
	} {
		_, err := perm.Compile(rules)
		var bad *perm.EntryError
		if !errors.As(err, &bad) || bad.Entry != "a..b" {
			t.Errorf("%s: %v, want an error about a..b", name, err)
		}
	}
	for entry, ok := range map[string]bool{"a": true, "a q": true, "  a   q.* ": true, "a b c": false, "": false, " ": false, "a..b q": false} {
		if err := perm.CheckSubscribe(entry); (err == nil) != ok {
			t.Errorf("subscribe entry %q: %v", entry, err)
		}
	}
	for entry, ok := range map[string]bool{"a": true, "a q": false, "": false, "a.>.b": false, "a.>": true} {
		if err := perm.CheckPublish(entry); (err == nil) != ok {
			t.Errorf("publish entry %q: %v", entry, err)
		}
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	// Every group holds equal rules, and those of different groups differ.
	groups := [][]*perm.Rules{
		{nil, {}, publish(nil, nil), subscribe(nil, []string{})},
		{publish([]string{}, nil), publish([]string{}, []string{})},
		{subscribe([]string{}, nil)},
		{publish([]string{"a", "b"}, nil), publish([]string{"b", "a", "b"}, nil)},
		{publish([]string{"ab"}, nil)},
		{publish([]string{"a"}, []string{"b"})},
		{publish(nil, []string{"a", "b"})},
		{subscribe([]string{"a", "b"}, nil)},
		{subscribe([]string{"a b"}, nil), subscribe([]string{" a  b"}, nil)},
		{{Responses: &perm.Responses{}}, {Publish: &perm.SubjectRules{}, Responses: &perm.Responses{Max: 1, Expires: 2 * time.Minute}}},
		{{Responses: &perm.Responses{Max: -1}}, {Responses: &perm.Responses{Max: -7}}},
		{{Responses: &perm.Responses{Expires: -1}}},
		{{Responses: &perm.Responses{Expires: time.Second}}},
	}
	for i, a := range groups {
		for j, b := range groups {
			for _, ra := range a {
				for _, rb := range b {
					if got := compile(t, ra).Equal(compile(t, rb)); got != (i == j) {
						t.Errorf("groups %d and %d: equal is %v for %+v and %+v", i, j, got, ra, rb)
					}
				}
			}
		}
	}
}

func TestRulesAreShown(t *testing.T) {
	t.Parallel()
	rules := publish([]string{"a"}, nil)
	s := compile(t, rules)
	if diff := cmp.Diff(rules, s.Rules()); diff != "" {
		t.Error(diff)
	}
	answers := &perm.Rules{Publish: &perm.SubjectRules{Deny: []string{"a"}}, Responses: &perm.Responses{}}
	want := &perm.Rules{
		Publish:   &perm.SubjectRules{Allow: []string{}, Deny: []string{"a"}},
		Responses: &perm.Responses{Max: perm.DefaultMax, Expires: perm.DefaultExpires},
	}
	if diff := cmp.Diff(want, compile(t, answers).Rules()); diff != "" {
		t.Error(diff)
	}
	if answers.Publish.Allow != nil || *answers.Responses != (perm.Responses{}) {
		t.Errorf("the caller's rules were changed to %+v", answers)
	}
	if s.Responses() != nil {
		t.Error("responses without a rule for them")
	}
	var none *perm.Set
	if none.Rules() != nil || none.Responses() != nil {
		t.Error("the nil set has rules")
	}
}

func TestNoAllocations(t *testing.T) {
	s := compile(t, &perm.Rules{
		Publish:   &perm.SubjectRules{Allow: []string{"a.*.>", "b"}, Deny: []string{"a.*.secret"}},
		Subscribe: &perm.SubjectRules{Deny: []string{"a.secret", "a.*.c q"}},
	})
	f := s.Filter([]byte("a.>"), []byte("q"))
	subject, queue := []byte("a.b.c"), []byte("q")
	n := testing.AllocsPerRun(100, func() {
		s.Publish(subject)
		s.Subscribe(subject, queue)
		f.Denies(subject)
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func compile(t testing.TB, r *perm.Rules) *perm.Set {
	t.Helper()
	s, err := perm.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// split takes "subject" or "subject queue" apart.
func split(sub string) (subject, queue []byte) {
	for i := range len(sub) {
		if sub[i] == ' ' {
			return []byte(sub[:i]), []byte(sub[i+1:])
		}
	}
	return []byte(sub), nil
}
