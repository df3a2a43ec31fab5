package monitor

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/status"
)

// captured is one answer of a nats-server that is not a plain 200 with JSON.
type captured struct {
	Server      string `json:"server"`
	Request     string `json:"request"`
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Origin      string `json:"acao"`
	Body        string `json:"body"`
}

// TestErrorsAsCaptured replays the requests that nats-server refused or answered without JSON.
func TestErrorsAsCaptured(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/errors.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []captured
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	bases := map[string]string{"latest.s1": "", "latest.a1": "", "latest.leaf1": "/nats"}
	ran := 0
	for _, want := range table {
		base, ok := bases[want.Server]
		method, target, isHTTP := strings.Cut(want.Request, " ")
		if !ok || !isHTTP || want.Status == 0 {
			continue
		}
		ran++
		t.Run(want.Server+" "+want.Request, func(t *testing.T) {
			t.Parallel()
			w := get(t, Handler(newCollector(newFake()), base), method, target)
			got := captured{
				Server: want.Server, Request: want.Request, Status: w.Code, ContentType: w.Header().Get("Content-Type"),
				Origin: w.Header().Get("Access-Control-Allow-Origin"), Body: w.Body.String(),
			}
			if want.Body == "" || strings.Contains(want.Body, "...") { // stored in part
				got.Body = want.Body
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-nats-server +natsd:\n%s", diff)
			}
		})
	}
	if ran < 40 {
		t.Errorf("only %d requests in the table", ran)
	}
}

func TestMoreErrors(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/connz?limit=99999999999999999999": `Error decoding int for 'limit': strconv.Atoi: parsing "99999999999999999999": value out of range`,
		"/connz?cid=18446744073709551616":   `Error decoding uint64 for 'cid': strconv.ParseUint: parsing "18446744073709551616": value out of range`,
		"/connz?auth=x&subs=y":              `Error decoding boolean for 'auth': strconv.ParseBool: parsing "x": invalid syntax`,
		"/connz?sort=CID":                   `invalid sorting option: CID`,
		"/connz?sort=reason&state=all":      `sort by reason only valid on closed connections`,
		"/leafz?subs=detail":                `Error decoding boolean for 'subs': strconv.ParseBool: parsing "detail": invalid syntax`,
		"/subsz?test=foo.%3E":               `invalid test subject, must be valid publish subject: foo.>`,
		"/subsz?test=foo..bar":              `invalid test subject, must be valid publish subject: foo..bar`,
		"/jsz?leader-only=x":                `Error decoding boolean for 'leader-only': strconv.ParseBool: parsing "x": invalid syntax`,
		"/healthz?js-enabled=x":             `Error decoding boolean for 'js-enabled': strconv.ParseBool: parsing "x": invalid syntax`,
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			w := get(t, Handler(newCollector(newFake()), ""), "GET", target)
			if w.Code != 400 || w.Body.String() != want {
				t.Errorf("status %d, body %q, want %q", w.Code, w.Body.String(), want)
			}
		})
	}
}

func TestHealthz(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		target   string
		notReady []string
		code     int
		body     string
	}{
		{"/healthz", nil, 200, `{"status":"ok"}`},
		{"/healthz?details=1", nil, 200, `{"status":"ok"}`},
		{"/healthz?js-server-only=true", nil, 200, `{"status":"ok"}`},
		{"/healthz?js-enabled-only=true", nil, 200, `{"status":"ok"}`},
		{"/healthz?js-enabled=1", nil, 200, `{"status":"ok"}`},
		{"/healthz?js-meta-only=1", nil, 200, `{"status":"ok"}`},
		{"/healthz?account=A&stream=S&consumer=C", nil, 200, `{"status":"ok"}`},
		{"/healthz", []string{"server"}, 500, `{"status":"error","error":"failed to be ready for connections after 1ms: server"}`},
		{"/healthz?js-server-only=1", []string{"server", "route"}, 500, `{"status":"error","error":"failed to be ready for connections after 1ms: server, route"}`},
		{"/healthz?details=true", []string{"server"}, 500, `{"status":"error","errors":[{"type":"CONNECTION","error":"failed to be ready for connections after 1ms: server"}]}`},
	} {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.notReady = tt.notReady
			w := get(t, Handler(newCollector(f), ""), "GET", tt.target)
			if w.Code != tt.code || w.Body.String() != tt.body {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body.String(), tt.code, tt.body)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
				t.Errorf("Access-Control-Allow-Origin %q", got)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		base, path string
		code       int
		location   string
	}{
		{"", "/", 200, ""},
		{"", "/varz", 200, ""},
		{"", "//varz", 307, "/varz"},
		{"", "///connz?sort=cid&limit=1", 307, "/connz?sort=cid&limit=1"},
		{"", "/x/../varz", 307, "/varz"},
		{"", "//evil.example/varz", 307, "/evil.example/varz"},
		{"", "/varz/", 404, ""},
		{"", "//varz/", 307, "/varz/"},
		{"", "/debug/pprof/", 404, ""},
		{"", "/expvarz", 404, ""},
		{"/", "/varz", 200, ""},
		{"nats", "/nats", 200, ""},
		{"nats", "/nats/varz", 200, ""},
		{"/nats/", "/nats/varz", 200, ""},
		{"nats", "/nats//varz", 307, "/nats/varz"},
		{"nats", "/nats/", 404, ""},
		{"nats", "/natsvarz", 404, ""},
		{"nats", "/varz", 404, ""},
		{"nats", "/", 404, ""},
		{"/a/b", "/a/b/healthz", 200, ""},
		{"/{a}*", "/%7Ba%7D*/varz", 200, ""},
		{"/{a}*", "/x/varz", 404, ""},
	} {
		t.Run(tt.base+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			w := get(t, Handler(newCollector(newFake()), tt.base), "GET", tt.path)
			if w.Code != tt.code || w.Header().Get("Location") != tt.location {
				t.Errorf("%d to %q, want %d to %q", w.Code, w.Header().Get("Location"), tt.code, tt.location)
			}
			if w.Code == 404 && w.Body.String() != "404 page not found\n" {
				t.Errorf("body %q", w.Body.String())
			}
		})
	}
}

func TestRootLinksUnderBase(t *testing.T) {
	t.Parallel()
	h := Handler(newCollector(newFake()), "nats")
	page := get(t, h, "GET", "/nats").Body.String()
	for _, link := range rootLinks {
		if !strings.Contains(page, `href="/nats`+link.Path+`"`) {
			t.Errorf("no link to %s", link.Path)
		}
		if code := get(t, h, "GET", "/nats"+link.Path).Code; code == 404 && link.Path != "/raftz" {
			t.Errorf("%s leads nowhere", link.Path)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := Handler(newCollector(newFake()), "")
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		if w := get(t, h, method, "/varz"); w.Code != 200 {
			t.Errorf("%s gives %d", method, w.Code)
		}
	}
}

// TestRequestCounts is the table of what http_req_stats counts, and when.
func TestRequestCounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		targets string
		want    map[string]uint64
	}{
		{"", map[string]uint64{}},
		{"/ /varz /connz /routez /gatewayz /leafz /subsz /accountz /accstatz /jsz /healthz", map[string]uint64{
			"/": 1, "/varz": 1, "/connz": 1, "/routez": 1, "/gatewayz": 1, "/leafz": 1, "/subsz": 1,
			"/accountz": 1, "/accstatz": 1, "/jsz": 1, "/healthz": 1,
		}},
		{"/subsz /subscriptionsz", map[string]uint64{"/subsz": 2}},
		{"/stacksz /ipqueuesz /raftz /debug/vars /nope //varz /ipqueuesz?all=x", map[string]uint64{}},
		{"/connz?auth=x /routez?subs=x", map[string]uint64{}},
		{"/connz?sort=bogus", map[string]uint64{"/connz": 1}},
		{"/subsz?subs=x /gatewayz?accs=x /leafz?subs=x /accstatz?unused=x /jsz?streams=x /healthz?details=x", map[string]uint64{
			"/subsz": 1, "/gatewayz": 1, "/leafz": 1, "/accstatz": 1, "/jsz": 1, "/healthz": 1,
		}},
	} {
		t.Run(tt.targets, func(t *testing.T) {
			t.Parallel()
			c := newCollector(newFake())
			h := Handler(c, "/base")
			for target := range strings.FieldsSeq(tt.targets) {
				get(t, h, "GET", strings.TrimSuffix("/base"+target, "/"))
			}
			if got := c.requests(); !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestVarzCountsItself(t *testing.T) {
	t.Parallel()
	w := get(t, Handler(newCollector(newFake()), ""), "GET", "/varz")
	if !strings.Contains(w.Body.String(), "\"http_req_stats\": {\n    \"/varz\": 1\n  }") {
		t.Error(w.Body.String())
	}
}

// TestHTMLIsEscaped keeps names that clients choose harmless in a page that embeds the JSON.
func TestHTMLIsEscaped(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.open = fakeConns(1)
	f.open[0].Facts.Name = "<img src=x>&\n\x1b\xff"
	w := get(t, Handler(newCollector(f), ""), "GET", "/connz")
	if !strings.Contains(w.Body.String(), `"name": "\u003cimg src=x\u003e\u0026\n\u001b\ufffd"`) {
		t.Error(w.Body.String())
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Error("sniffing is allowed")
	}
}

// TestFilterSubject is about natsd's own parameter.
func TestFilterSubject(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.open = fakeConns(3)
	f.connSubs = map[uint64][]status.Sub{
		5: {{Subject: "a.*"}, {Subject: "b"}},
		6: {{Subject: "jobs.>"}},
		7: {{Subject: "jobs.x", Queue: "q"}},
	}
	f.closed = []*status.Closed{{Conn: fakeConns(4)[3], Stop: testNow, Subscriptions: []status.Sub{{Subject: "jobs.*"}}}}
	for target, want := range map[string][]uint64{
		"/connz?filter_subject=jobs.x":           {6, 7},
		"/connz?filter_subject=jobs.y":           {6},
		"/connz?filter_subject=a.*":              {5},
		"/connz?filter_subject=*.x":              {5, 6, 7},
		"/connz?filter_subject=%3E":              {5, 6, 7},
		"/connz?filter_subject=none":             nil,
		"/connz?filter_subject=jobs.y&state=any": {6, 8},
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			w := get(t, Handler(newCollector(f), ""), "GET", target)
			var z Connz
			if err := json.Unmarshal(w.Body.Bytes(), &z); err != nil {
				t.Fatal(err)
			}
			var got []uint64
			for _, i := range z.Connections {
				got = append(got, i.CID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConnzFilters(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.open = fakeConns(6)
	f.accounts = append(f.accounts, status.AccountDetail{Account: status.Account{Name: "APP"}})
	f.open[1].Facts.Account, f.open[1].Facts.User = "APP", "bob"
	f.open[2].Facts.Kind, f.open[2].Facts.Type = status.Leafnode, ""
	f.open[3].Facts.MQTTClient = "m1"
	f.open[4].Facts.Account = "" // not yet authenticated
	f.closed = []*status.Closed{{Conn: fakeConns(7)[6], Stop: testNow}}
	for _, tt := range []struct {
		query     string
		num, tot  int
		firstCID  uint64
		showLimit int
	}{
		{"", 6, 6, 5, 1024},
		{"acc=APP", 1, 1, 6, 1024},
		{"acc=$G", 4, 4, 5, 1024},
		{"acc=$G&state=closed", 1, 1, 11, 1024},
		{"acc=$SYS", 0, 0, 0, 1024},
		{"user=bob", 1, 6, 6, 1024},
		{"user=bo", 0, 6, 0, 1024},
		{"cid=6", 1, 6, 6, 1},
		{"cid=7", 0, 6, 0, 1}, // a leaf node
		{"cid=11", 0, 6, 0, 1},
		{"cid=11&state=any", 1, 7, 11, 1},
		{"mqtt_client=m1", 1, 6, 8, 1024},
		{"limit=2&offset=1", 2, 6, 6, 2},
		{"limit=9223372036854775807&offset=5", 1, 6, 10, 9223372036854775807},
		{"limit=9223372036854775807&offset=9223372036854775807", 0, 6, 0, 9223372036854775807},
		{"limit=-9223372036854775808&offset=-9223372036854775808", 6, 6, 5, 1024},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			w := get(t, Handler(newCollector(f), ""), "GET", "/connz?"+tt.query)
			var z Connz
			if err := json.Unmarshal(w.Body.Bytes(), &z); err != nil {
				t.Fatal(err)
			}
			var first uint64
			if len(z.Connections) > 0 {
				first = z.Connections[0].CID
			}
			if z.NumConns != tt.num || len(z.Connections) != tt.num || z.Total != tt.tot || first != tt.firstCID || z.Limit != tt.showLimit {
				t.Errorf("num %d, rows %d, total %d, first %d, limit %d", z.NumConns, len(z.Connections), z.Total, first, z.Limit)
			}
		})
	}
}

// TestHeavyWaitTheirTurn fills all places and sees that only long listings wait.
func TestHeavyWaitTheirTurn(t *testing.T) {
	t.Parallel()
	c := newCollector(newFake())
	h := Handler(c, "")
	for range heavyAtOnce {
		c.heavy <- struct{}{}
	}
	if w := get(t, h, "GET", "/healthz"); w.Code != 200 {
		t.Errorf("healthz gives %d", w.Code)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(gone, "GET", "/connz", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("connz gives %d without a place", w.Code)
	}
	<-c.heavy
	if w := get(t, h, "GET", "/connz"); w.Code != 200 || len(c.heavy) != heavyAtOnce-1 {
		t.Errorf("connz gives %d with a place, %d taken", w.Code, len(c.heavy))
	}
}

func FuzzQuery(f *testing.F) {
	for i := range endpoints {
		f.Add(uint8(i), "sort=stop&state=closed&limit=9223372036854775807&offset=9223372036854775807&subs=detail&auth=1")
		f.Add(uint8(i), "offset=-9223372036854775808&limit=-1&cid=18446744073709551615&subs=1&test=a.b&acc=$G&filter_subject=a.*")
		f.Add(uint8(i), "state=any&user=%ff&mqtt_client=;&acc=NOPE&unused=t&accs=1&details=1&stream=s")
	}
	src := newFake()
	src.open = fakeConns(20)
	src.connSubs = map[uint64][]status.Sub{5: {{Subject: "a.*", SID: "1"}, {Subject: "b.>", SID: "2"}}}
	src.subs = []status.Sub{{Account: "$G", Subject: "a.*"}, {Account: "$SYS", Subject: ">"}}
	for i, row := range fakeConns(40)[20:] {
		src.closed = append(src.closed, &status.Closed{Conn: row, Stop: testNow, Reason: []string{"Client Closed", "Kicked"}[i%2]})
	}
	c := newCollector(src)
	h := Handler(c, "")
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		e := endpoints[int(which)%len(endpoints)]
		if e.path == "/stacksz" || e.path == "/debug/vars" {
			return // no parameters, and slow
		}
		r, err := http.NewRequest("GET", e.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 200, 400, 404:
		default:
			t.Fatalf("%s?%s gives %d", e.path, query, w.Code)
		}
		if w.Code != 200 {
			return
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s?%s gives bad JSON: %s", e.path, query, w.Body.Bytes())
		}
		if e.path != "/connz" {
			return
		}
		var z Connz
		if err := json.Unmarshal(w.Body.Bytes(), &z); err != nil {
			t.Fatal(err)
		}
		if z.NumConns != len(z.Connections) || z.NumConns > z.Limit || z.NumConns > z.Total || z.Offset < 0 || z.Limit <= 0 {
			t.Fatalf("%s?%s: num %d of %d, offset %d, limit %d", e.path, query, z.NumConns, z.Total, z.Offset, z.Limit)
		}
	})
}
