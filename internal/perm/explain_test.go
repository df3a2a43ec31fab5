package perm

import (
	"testing"

	"pgregory.net/rapid"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	s, err := Compile(&Rules{
		Publish:   &SubjectRules{Allow: []string{"a.>", "b"}, Deny: []string{"x", "a.secret"}},
		Subscribe: &SubjectRules{Allow: []string{"jobs.*", "jobs.* workers"}, Deny: []string{"jobs.hr"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for subj, want := range map[string]Ruling{
		"a.b":      {Allowed: true, List: ListAllow, Index: 0, Entry: "a.>"},
		"b":        {Allowed: true, List: ListAllow, Index: 1, Entry: "b"},
		"a.secret": {List: ListDeny, Index: 1, Entry: "a.secret"},
		"c":        {List: ListAllow, Index: -1},
	} {
		if got := s.ExplainPublish(subj); got != want {
			t.Errorf("publish %s: %+v", subj, got)
		}
	}
	for _, c := range []struct {
		subj, queue string
		want        Ruling
	}{
		{"jobs.it", "", Ruling{Allowed: true, List: ListAllow, Index: 0, Entry: "jobs.*"}},
		{"jobs.it", "workers", Ruling{Allowed: true, List: ListAllow, Index: 1, Entry: "jobs.* workers"}},
		{"jobs.it", "others", Ruling{List: ListAllow, Index: -1}},
		{"jobs.hr", "", Ruling{List: ListDeny, Index: 0, Entry: "jobs.hr"}},
		{"jobs.*", "", Ruling{Allowed: true, List: ListAllow, Index: 0, Entry: "jobs.*", Narrowed: true}},
	} {
		if got := s.ExplainSubscribe(c.subj, c.queue); got != c.want {
			t.Errorf("subscribe %s %s: %+v", c.subj, c.queue, got)
		}
	}
	answers, err := Compile(&Rules{Responses: &Responses{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := answers.ExplainPublish("a"); got.Allowed || got.List != ListResponses {
		t.Errorf("%+v", got)
	}
	var none *Set
	if !none.ExplainPublish("a").Allowed || !none.ExplainSubscribe("a", "").Allowed {
		t.Error("a nil set denies")
	}
}

// What is explained is what is decided.
func TestExplainAgrees(t *testing.T) {
	t.Parallel()
	subj := rapid.SampledFrom([]string{"a", "b", "a.a", "a.b", "*", "a.*", "*.b", ">", "a.>"})
	plain := rapid.SliceOfN(subj, 0, 3)
	queued := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return subj.Draw(t, "subject") + rapid.SampledFrom([]string{"", "", " q", " *", " r"}).Draw(t, "queue")
	}), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		r := &Rules{
			Publish:   &SubjectRules{plain.Draw(t, "pub allow"), plain.Draw(t, "pub deny")},
			Subscribe: &SubjectRules{queued.Draw(t, "sub allow"), queued.Draw(t, "sub deny")},
		}
		if rapid.Bool().Draw(t, "no lists") {
			r.Publish.Allow, r.Subscribe.Allow = nil, nil
		}
		s, err := Compile(r)
		if err != nil {
			t.Fatal(err)
		}
		what, queue := subj.Draw(t, "what"), rapid.SampledFrom([]string{"", "q", "r", "s"}).Draw(t, "group")
		if got := s.ExplainPublish(what); got.Allowed != s.Publish([]byte(what)) || got.Index >= 0 && got.Entry == "" {
			t.Fatalf("publish %s: %+v", what, got)
		}
		if got := s.ExplainSubscribe(what, queue); got.Allowed != s.Subscribe([]byte(what), []byte(queue)) {
			t.Fatalf("subscribe %s %s: %+v", what, queue, got)
		}
	})
}
