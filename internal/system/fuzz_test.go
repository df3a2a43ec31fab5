package system

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRequests asks every service something, in the system account, in another one, and as another
// server. Whatever comes, nothing breaks, answers are whole, and accounts learn nothing about others.
func FuzzRequests(f *testing.F) {
	for i, body := range []string{
		``, `{}`, `{x}`, `null`, `[]`, `"`, `{"sort":"bogus","limit":-1,"offset":-9}`, `{"cid":18446744073709551615}`, `{"state":7}`,
		`{"acc":"SYS","filter_subject":"a.*","auth":true}`, `{"server_name":"srv","exact_match":true,"tags":["n1",""]}`, `{"tags":null}`,
		`{"name":"goroutine","debug":99}`, `{"server":{"id":"NX"},"acc":"APP","conns":9223372036854775807}`, `{"acc":"APP","subject":">","queue":"cQ=="}`,
		`foo q`, `{"limit":9223372036854775807,"offset":9223372036854775807}`, `{"test":"a","subscriptions":true}`, `{"accounts":["APP2"],"include_unused":true}`,
	} {
		f.Add(uint8(i), body, "Accept-Encoding: gzip")
	}
	f.Fuzz(func(t *testing.T, which uint8, body, field string) {
		if strings.Contains(body, `cpu`) || strings.ContainsAny(field, "\r\n") {
			t.Skip() // a profile of the processor takes its time
		}
		h := newHouse(t)
		h.app.Join()
		all := slices.Sorted(maps.Keys(h.table()))
		to := strings.ReplaceAll(all[int(which)%len(all)], "*", "APP")
		head := "NATS/1.0\r\n" + field + "\r\n\r\n"
		replies, after := listen(t, h.sys, "reply"), listen(t, h.sys, "after")
		post(h.sys, nil, to, "reply", head, body)
		post(h.sys, nil, to, "", "", body)
		post(h.sys, fromRoute, to, "reply", "", body)
		h.settle(t, after)
		for len(replies.got) > 0 {
			m := replies.next(t)
			if m.head == "malformed" || m.head == "" && utf8.ValidString(body) && !json.Valid(m.body) {
				t.Errorf("%s %q: answer %q", to, body, m.body)
			}
		}
		inbox := listen(t, h.app, "inbox")
		for _, o := range offered {
			post(h.app, nil, o.local, "inbox", "", body)
		}
		h.settle(t, after)
		for len(inbox.got) > 0 {
			if m := inbox.next(t); m.failure == nil && strings.Contains(string(m.body), "APP2") {
				t.Errorf("%q: APP learns %s", body, m.body)
			}
		}
	})
}
