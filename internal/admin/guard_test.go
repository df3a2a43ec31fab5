package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"natsd/internal/admin/api"
)

func TestMonitorAuth(t *testing.T) {
	t.Parallel()
	conf := tokenConf(t) + "http: \"127.0.0.1:-1\"\n"
	n := start(t, conf)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	get := func(path string, headers ...string) answer {
		return n.askAt(client, "http://"+n.MonitorAddr().String(), "GET", path, nil, headers...)
	}
	if a := get("/varz"); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	n.Write(conf + "monitor_auth: true\n")
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	basic := func(secret string) []string {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://x", nil)
		r.SetBasicAuth("anybody", secret)
		return []string{"Authorization", r.Header.Get("Authorization")}
	}
	for _, c := range []struct {
		path    string
		headers []string
		want    int
	}{
		{"/varz", nil, 401},
		{"/", nil, 401},
		{"/metrics", nil, 401},
		{"/connz", bearer("wrong"), 401},
		{"/connz", bearer("s-vic"), 200},
		{"/connz", basic("s-vic"), 200},
		{"/connz", basic("wrong"), 401},
		{"/metrics", bearer("s-oz"), 200},
		{"/varz", bearer("s-app"), 403},
		{"/varz", bearer("s-old"), 401},
		{"/healthz", nil, 200},
		{"/nothing", bearer("s-vic"), 404},
		{"/varz", append(bearer("s-vic"), "Host", "any.example"), 200},
	} {
		a := get(c.path, c.headers...)
		if a.StatusCode != c.want || (c.want == 401) != (len(a.Header.Values("WWW-Authenticate")) > 0) {
			t.Errorf("%s %v: %d %v %s", c.path, c.headers, a.StatusCode, a.Header, a.body)
		}
	}
	n.Write(conf)
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	if a := get("/varz"); a.StatusCode != http.StatusOK {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestMonitorPagesOnTheAdminListener(t *testing.T) {
	t.Parallel()
	conf := tokenConf(t)
	n := start(t, conf)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	root := "http://" + n.Options().Admin.Listen
	n.problem(n.askAt(client, root, "GET", "/connz", nil, bearer("s-vic")...), api.NotFound)
	n.Write(strings.Replace(conf, "admin {", "admin { monitor: compat, ", 1))
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	n.problem(n.askAt(client, root, "GET", "/connz", nil), api.Unauthenticated)
	a := n.askAt(client, root, "GET", "/leafz", nil, bearer("s-vic")...)
	n.want(n.askAt(client, root, "GET", "/metrics", nil, bearer("s-vic")...), http.StatusOK, nil)
	b := n.ask("GET", "/monitor/leafz", nil)
	if a.StatusCode != http.StatusOK || stripNow(a.body) != stripNow(b.body) {
		t.Errorf("%d %s\n%s", a.StatusCode, a.body, b.body)
	}
}

// stripNow takes the time out of an answer of monitoring.
func stripNow(body []byte) string {
	var out strings.Builder
	for line := range strings.Lines(string(body)) {
		if !strings.Contains(line, `"now"`) {
			out.WriteString(line)
		}
	}
	return out.String()
}
