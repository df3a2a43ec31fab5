package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"natsd/internal/status"
)

// FuzzConnectionQuery: whatever stands in a query, the answer is one of those that are described.
func FuzzConnectionQuery(f *testing.F) {
	for _, q := range []string{
		"limit=1&sort=-bytes_to,name", "cursor=e30", "filter=cid>0&fields=cid", "state=any&subs=detail", "ip=::1/8&idle_gt=-1s", "tls&slow=x",
		"limit=99999999999999999999", "sort=,", "fields=,", "filter=((", "subject=>&name=[*", "%zz=1", "match=a&queue=b&cid=18446744073709551615",
	} {
		f.Add(q)
	}
	server := start(f, "")
	f.Fuzz(func(t *testing.T, query string) {
		n := *server
		n.TB = t
		values, err := url.ParseQuery(query)
		if err != nil {
			values = url.Values{"filter": {query}, "sort": {query}, "cursor": {query}}
		}
		for _, path := range []string{"/connections", "/bans", "/operations", "/connections/closed/summary", "/subjects/interest"} {
			a := n.ask("GET", path+"?"+values.Encode(), nil)
			if a.StatusCode >= http.StatusInternalServerError {
				t.Errorf("%s?%s: %d %s", path, values.Encode(), a.StatusCode, a.body)
			}
		}
	})
}

// FuzzConnectionBody: whatever the body is, the answer is one of those that are described, and a dry run
// has no effect.
func FuzzConnectionBody(f *testing.F) {
	for _, body := range []string{
		`{"cid":1,"dry_run":true}`, `{"filter":"cid>0"}`, `{"user":"x","max":-1}`, `{"match":{"ip":"::/0"},"for":"1h"}`, `{"subject":"a","op":"pub"}`,
		`{"url":"nats-route://a:b@h:1"}`, `{"duration":"1s","grace_period":"2s"}`, `[]`, `{`, `null`, `{"cid":1e400}`,
		`{"match":{"user":"x"},"for":"1h","dry_run":false}`, `{"dry_run":false}`,
	} {
		f.Add(body)
	}
	server := start(f, tenants)
	f.Fuzz(func(t *testing.T, body string) {
		n := *server
		n.TB = t
		for _, path := range []string{"/connections/kick", "/kick", "/bans", "/subjects/check", "/routes", "/server/lame-duck"} {
			a := n.ask("POST", path+"?dry_run=true", body, "Content-Type", "application/json")
			if a.StatusCode >= http.StatusInternalServerError {
				t.Errorf("%s %q: %d %s", path, body, a.StatusCode, a.body)
			}
		}
		if len(n.Bans().All()) > 0 || n.State() != status.Running {
			t.Errorf("a dry run of %q had an effect", body)
		}
	})
}
