package transcript

import "testing"

func newMatcher() *matcher {
	known := map[string]string{"port": "4222", "pub:U1": "UABC"}
	return &matcher{
		lookup:   func(n string) (string, bool) { v, ok := known[n]; return v, ok },
		optional: []string{"xkey"},
		seen:     map[string]string{},
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{"+OK", "+OK", true},
		{"+OK", "+ok", false},
		{"MSG r 1 <len>", "MSG r 1 12", true},
		{"MSG r 1 <len>", "MSG r 1 1x", false},
		{"MSG r 1 <len>", "MSG r 1 ", false},
		{"127.0.0.1:<port>", "127.0.0.1:4222", true},
		{"127.0.0.1:<port>", "127.0.0.1:4223", false},
		{"PUB <_R_reply> 1", "PUB _R_.abcdef.012345 1", true},
		{"PUB <_R_reply> 1", "PUB _R_.abcdef.01234 1", false},
		{"MSG foo <member:1|4> 1", "MSG foo 4 1", true},
		{"MSG foo <member:1|4> 1", "MSG foo 2 1", false},
		{"a.b", "axb", false},
		{"<pub:U1>", "UABC", true},
		{"foo <unknown> 1", "foo <unknown> 1", true},
	} {
		if err := newMatcher().text(c.want, c.got); (err == nil) != c.ok {
			t.Errorf("%q against %q: %v", c.want, c.got, err)
		}
	}
}

func TestTextRemembers(t *testing.T) {
	t.Parallel()
	m := newMatcher()
	if err := m.text("HMSG svc 1 <_R_reply> <hlen> <len>", "HMSG svc 1 _R_.aaaaaa.bbbbbb 10 12"); err != nil {
		t.Fatal(err)
	}
	if got := m.seen["_R_reply"]; got != "_R_.aaaaaa.bbbbbb" {
		t.Errorf("remembered %q", got)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{`{"a":1,"b":"x"}`, `{"b":"x","a":1}`, true},
		{`{"a":1}`, `{"a":2}`, false},
		{`{"a":1}`, `{"a":"1"}`, false},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":1}`, `{"a":1,"xkey":"X"}`, true},
		{`{"a":1,"xkey":"<xkey>"}`, `{"a":1}`, true},
		{`{"a":1,"b":2}`, `{"a":1}`, false},
		{`{"n":"<int>"}`, `{"n":5}`, true},
		{`{"n":"<int>"}`, `{"n":"5"}`, false},
		{`{"n":"<int>"}`, `{"n":5.5}`, false},
		{`{"n":"<float>"}`, `{"n":5.5}`, true},
		{`{"t":"<time>"}`, `{"t":"2026-01-02T03:04:05.6Z"}`, true},
		{`{"t":"<time>"}`, `{"t":"yesterday"}`, false},
		{`{"t":"<rtt>"}`, `{"t":1200}`, true},
		{`{"t":"<rtt>"}`, `{"t":"1.2ms"}`, true},
		{`{"t":"<version>"}`, `{"t":2}`, false},
		{`{"id":"<id>"}`, `{"id":7}`, true},
		{`{"o":"<object>"}`, `{"o":{}}`, true},
		{`{"o":"<object>"}`, `{"o":1}`, false},
		{`{"p":"<port>"}`, `{"p":4222}`, true},
		{`{"p":"<port>"}`, `{"p":4223}`, false},
		{`{"l":[1,2]}`, `{"l":[2,1]}`, true},
		{`{"l":[1,2]}`, `{"l":[1,1]}`, false},
		{`{"l":[1]}`, `{"l":[1,2]}`, false},
		{`{"l":null}`, `{"l":null}`, true},
		{`{"a":1}`, `{"a":1} x`, false},
	} {
		if err := newMatcher().json([]byte(c.want), []byte(c.got), false); (err == nil) != c.ok {
			t.Errorf("%s against %s: %v", c.want, c.got, err)
		}
	}
	if err := newMatcher().json([]byte(`{"u":["a","b","c"]}`), []byte(`{"u":["a","c","b"]}`), true); err != nil {
		t.Error(err)
	}
	if err := newMatcher().json([]byte(`{"u":["a","b"]}`), []byte(`{"u":["b","a"]}`), true); err == nil {
		t.Error("the first element may not move")
	}
}
