package perm_test

import (
	"strings"
	"testing"

	"natsd/internal/perm"
)

// FuzzSubscribe compiles arbitrary entries, one per line, and compares with the
// model. What is a good entry is decided in one place only.
func FuzzSubscribe(f *testing.F) {
	f.Add("foo\nfoo v1\nbar\nfoo v2.*", "", "foo", "v2.x")
	f.Add("", "foo q.>\nbar", "foo", "q.a")
	f.Add("sub.>", "sub.secret\nsub.hidden.*", "sub.hidden.>", "")
	f.Add("a..b", ">", "a..b", "..")
	f.Fuzz(func(t *testing.T, allow, deny, subject, queue string) {
		r := &perm.SubjectRules{Allow: entries(allow), Deny: entries(deny)}
		good := true
		for _, e := range append(entries(allow), entries(deny)...) {
			good = good && perm.CheckSubscribe(e) == nil
		}
		s, err := perm.Compile(&perm.Rules{Subscribe: r})
		if (err == nil) != good {
			t.Fatalf("compile %+v: %v", r, err)
		}
		if err != nil {
			return
		}
		for _, list := range [][]string{r.Allow, r.Deny} {
			for i, e := range list {
				list[i] = strings.Join(strings.Fields(e), " ")
			}
		}
		want := accepts(r, subject, queue)
		if got := s.Subscribe([]byte(subject), []byte(queue)); got != want {
			t.Errorf("SUB %q %q under %+v: allowed %v, want %v", subject, queue, r, got, want)
		}
		// A message by the very name of a subscription is delivered if that
		// subscription is allowed.
		if got := !s.Filter([]byte(subject), []byte(queue)).Denies([]byte(subject)); got != want {
			t.Errorf("message on %q %q under %+v: delivered %v, want %v", subject, queue, r, got, want)
		}
	})
}

func entries(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
