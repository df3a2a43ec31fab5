package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// listener is a server that notes requests and answers all of them alike.
type listener struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
}

func listen(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		text := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v1")
		for _, part := range []string{query, string(body)} {
			if part != "" {
				text += " " + part
			}
		}
		l.mu.Lock()
		l.requests = append(l.requests, text)
		l.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) seen() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests
}

// requests are what commands send.
var requests = map[string]string{
	"conn list --account APP --sort -bytes_to --limit 5": "GET /connections account=APP&limit=5&sort=-bytes_to",
	"conn list --idle-gt 1h --slow --subs":               "GET /connections idle_gt=1h&slow=true&subs=1",
	"conn list --filter out_bytes>1e9":                   "GET /connections filter=out_bytes>1e9",
	"conn get 7 --subs=detail":                           "GET /connections/7 subs=detail",
	"conn subs 7 --limit 3":                              "GET /connections/7/subscriptions limit=3",
	"conn ping 7":                                        "POST /connections/7/ping",
	"conn kick 7 --reason r":                             "DELETE /connections/7 reason=r",
	"conn drain 7":                                       "DELETE /connections/7 mode=drain",
	"conn trace 7 --duration 10s":                        `POST /connections/7/trace {"duration":"10s"}`,
	"conn summary --by user":                             "GET /connections/closed/summary by=user",
	"kick 7 --ban 10m --dry-run":                         "DELETE /connections/7 ban=10m&dry_run=true",
	"kick --account APP --max 5 -y":                      `POST /connections/kick {"account":"APP","max":5}`,
	"kick --name app-* --spread 30s --dry-run":           `POST /connections/kick dry_run=true {"name":"app-*","spread":"30s"}`,
	"conn drain --user bob -y":                           `POST /connections/kick {"mode":"drain","user":"bob"}`,
	"ban list":                                           "GET /bans",
	"ban add --user bob --for 10m --reason r":            `POST /bans {"for":"10m","match":{"user":"bob"},"reason":"r"}`,
	"ban add --ip 10.0.0.0/8 --nkey U --for 1h":          `POST /bans {"for":"1h","match":{"ip":"10.0.0.0/8","nkey":"U"}}`,
	"ban remove b1":                                      "DELETE /bans/b1",
	"ban remove --all":                                   "DELETE /bans",
	"sub list --account A --match a.b --cid 7":           "GET /subscriptions account=A&cid=7&match=a.b",
	"sub stats":                                          "GET /subscriptions/stats",
	"subject interest a.b --account A":                   "GET /subjects/interest account=A&subject=a.b",
	"subject check a.b --user u --op pub":                `POST /subjects/check {"op":"pub","subject":"a.b","user":"u"}`,
	"route targets":                                      "GET /routes",
	"route list":                                         "GET /routes",
	"route add nats://h:6222 --persist":                  `POST /routes {"persist":true,"url":"nats://h:6222"}`,
	"route remove h:6222 --disconnect -y":                "DELETE /routes/h:6222 disconnect=true",
	"route kick 9":                                       "DELETE /routes/connections/9",
	"leaf list --account A":                              "GET /leafnodes account=A",
	"leaf kick 9":                                        "DELETE /leafnodes/9",
	"gateway list":                                       "GET /gateways",
	"gateway kick 9":                                     "DELETE /gateways/connections/9",
	"cluster status":                                     "GET /cluster",
	"cluster reload --mode rolling --stop-on-error":      `POST /cluster/reload {"mode":"rolling","stop_on_error":true}`,
	"account list":                                       "GET /accounts",
	"account get A/B":                                    "GET /accounts/A/B",
	`account set A -d {"limits":1}`:                      `PATCH /accounts/A {"limits":1}`,
	"account delete A --force -y":                        "DELETE /accounts/A force=true",
	"account kick A -y":                                  "POST /accounts/A/kick",
	"user list A":                                        "GET /accounts/A/users",
	"user get A u":                                       "GET /accounts/A/users/u",
	"user rotate A u --grace 1h":                         `POST /accounts/A/users/u/rotate {"grace":"1h"}`,
	"user kick A u":                                      "POST /accounts/A/users/u/kick",
	"user delete A u -y":                                 "DELETE /accounts/A/users/u",
	"auth test --user u --ip 10.0.0.1":                   `POST /auth/test {"ip":"10.0.0.1","user":"u"}`,
	"auth failures --by ip":                              "GET /auth/failures by=ip",
	"whoami":                                             "GET /whoami",
	"token list":                                         "GET /tokens",
	"token create --role viewer --ttl 24h --account A,B": `POST /tokens {"accounts":["A","B"],"role":"viewer","ttl":"24h"}`,
	"token create --scope connections:kick":              `POST /tokens {"scopes":["connections:kick"]}`,
	"token rotate t1":                                    "POST /tokens/t1/rotate",
	"token delete t1 -y":                                 "DELETE /tokens/t1",
	"audit list --actor ci --since 1h":                   "GET /audit actor=ci&since=1h",
	"log level":                                          "GET /logging",
	"log level debug --revert-after 10m":                 `PUT /logging {"level":"debug","revert_after":"10m"}`,
	"log level trace --module client":                    `PUT /logging {"modules":{"client":"trace"}}`,
	"log reopen":                                         "POST /server/reopen-logs",
	"trace start --user bob --duration 60s":              `POST /traces {"duration":"60s","filter":{"user":"bob"}}`,
	"trace list":                                         "GET /traces",
	"trace stop t1":                                      "DELETE /traces/t1",
	"events --recent --topic auth,reload -n 5":           "GET /events/recent limit=5&topics=auth,reload",
	"lame-duck --duration 2m -y":                         `POST /server/lame-duck {"duration":"2m"}`,
	"lame-duck --cancel":                                 "DELETE /server/lame-duck",
	"op list":                                            "GET /operations",
	"op get o1":                                          "GET /operations/o1",
	"op cancel o1":                                       "DELETE /operations/o1",
	"metrics --detailed":                                 "GET /metrics detailed=true",
	"pprof cpu --seconds 1":                              "GET /debug/pprof/profile seconds=1",
	"bundle --include config":                            `POST /diagnostics/bundle {"include":["config"]}`,
	"server info":                                        "GET /server",
	"server listeners":                                   "GET /server/listeners",
	"server certificates":                                "GET /server/certificates",
	"health":                                             "GET /health/ready",
	"health live":                                        "GET /health/live",
	"reload --mode partial --wait 3s --reason r":         `POST /reload {"mode":"partial","reason":"r","wait":"3s"}`,
	"reload --dry-run":                                   `POST /reload {"dry_run":true}`,
	"reload --plan-id p --rollback-on never":             `POST /reload {"plan_id":"p","rollback_on":"never"}`,
	"reload status":                                      "GET /reload",
	"reload watcher off":                                 `PUT /reload/watcher {"enabled":false}`,
	"config get tls.timeout":                             "GET /config/values/tls/timeout",
	"config get --view defaults":                         "GET /config view=defaults",
	"config files":                                       "GET /config/files",
	"config history --limit 2":                           "GET /config/history limit=2",
	"config show 3":                                      "GET /config/history/3",
	"config restore 3 --dry-run":                         `POST /config/history/3/restore {"dry_run":true}`,
	"config confirm 3":                                   `POST /config/probation/confirm {"rev":3}`,
	"config diff":                                        `POST /config/diff {"from":"running","to":"file"}`,
	"config diff 3":                                      `POST /config/diff {"from":"running","to":"3"}`,
	"config diff 3 running":                              `POST /config/diff {"from":"3","to":"running"}`,
	"api GET /x?a=1":                                     "GET /x a=1",
	"api post /api/v1/x -d {}":                           "POST /x {}",
}

// Each command sends what the API wants.
func TestRequests(t *testing.T) {
	t.Parallel()
	for args, want := range requests {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			l := listen(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
			got := try(t, append(strings.Fields(args), "-s", l.URL)...)
			if seen := strings.Join(l.seen(), "\n"); seen != want || got.code != exitOK {
				t.Errorf("sent %s\nwant %s\nexit code %d: %s", seen, want, got.code, got.err)
			}
		})
	}
}

// What is not built yet says so.
func TestNotBuiltYet(t *testing.T) {
	t.Parallel()
	l := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotImplemented)
		_, _ = w.Write([]byte(`{"status":501,"code":"feature_disabled","title":"Not Implemented","detail":"this version does not have accounts that the API manages yet"}`))
	})
	for _, args := range []string{"account list", "cluster status", "trace list", "bundle", "auth failures", "user list A"} {
		got := try(t, append(strings.Fields(args), "-s", l.URL)...)
		if got.code != exitFail || !strings.Contains(got.err, "does not have") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// Nothing that destroys is done without a yes, and nobody is asked without a terminal.
func TestNoQuestionWithoutATerminal(t *testing.T) {
	t.Parallel()
	l := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && !r.URL.Query().Has("dry_run") {
			t.Errorf("%s %s was sent", r.Method, r.URL)
		}
		_, _ = w.Write([]byte(`{"matched":3,"server_name":"one"}`))
	})
	for _, args := range []string{"kick --account APP", "conn drain --user u", "route remove x", "account delete A", "token delete t", "lame-duck", "shutdown", "account kick A"} {
		got := try(t, append(strings.Fields(args), "-s", l.URL)...)
		if got.code != exitUsage || !strings.Contains(got.err, "--yes") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestKickNeedsSomebody(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"kick":                   "say whom",
		"kick --max 3":           "say whom",
		"kick 7 --account A":     "not both",
		"kick x":                 "no",
		"kick 7 --spread 3s":     "many connections",
		"ban add --for 1m":       "say whom",
		"ban remove":             "--all",
		"subject check a.b":      "--op",
		"token create":           "--role",
		"trace start":            "say what",
		"conn get x":             "not the id",
		"health well":            "none of live",
		"pprof nope":             "none of heap",
		"reload watcher perhaps": "say on, off",
		"api FROB /x":            "none of GET",
	} {
		got := try(t, strings.Fields(args)...)
		if got.code != exitUsage || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// Several connections: all are tried, and the exit code tells of the one that failed.
func TestKickEach(t *testing.T) {
	t.Parallel()
	l := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/2") {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"status":404,"code":"not_found","detail":"there is no connection 2"}`))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	got := try(t, "kick", "1", "2", "3", "-s", l.URL)
	if got.code != exitNotFound || len(l.seen()) != 3 || !strings.Contains(got.err, "2: there is no connection 2") || !strings.Contains(got.err, "connection 3 was ended") {
		t.Errorf("%+v\n%v", got, l.seen())
	}
}

// A mass kick is an operation: it is followed to its end.
func TestFollowOperation(t *testing.T) {
	t.Parallel()
	polls := 0
	l := listen(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Query().Has("dry_run"):
			_, _ = w.Write([]byte(`{"matched":200,"kicked":0,"dry_run":true}`))
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "/api/v1/operations/o1")
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte(`{"id":"o1","kind":"kick","state":"running"}`))
		case polls < 2:
			polls++
			_, _ = w.Write([]byte(`{"id":"o1","kind":"kick","state":"running","progress":{"done":50,"total":200}}`))
		default:
			_, _ = w.Write([]byte(`{"id":"o1","kind":"kick","state":"done","progress":{"done":200,"total":200},"result":{"matched":200,"kicked":200}}`))
		}
	})
	var bar strings.Builder
	got := tryApp(t, func(a *app) { a.progress = func() io.Writer { return &bar } }, "kick", "--account", "APP", "-y", "-s", l.URL)
	if got.code != exitOK || !strings.Contains(got.out, "Kicked:       200") {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"kick [#######-----------------------] 50 of 200", "[##############################] 200 of 200\n"} {
		if !strings.Contains(bar.String(), want) {
			t.Errorf("no %q in %q", want, bar.String())
		}
	}
}

// A stream that breaks is taken up again behind the last event.
func TestEventsGoOn(t *testing.T) {
	t.Parallel()
	n := 0
	l := listen(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		switch n {
		case 1:
			_, _ = io.WriteString(w, `{"v":1,"id":"b-1","type":"connection.opened","time":"2026-01-02T03:04:05.678Z","cid":7,"account":"APP","name":"a b"}`+"\n"+
				`{"v":1,"type":"stream.heartbeat","time":"2026-01-02T03:04:06Z"}`+"\n")
		default:
			if r.Header.Get("Last-Event-ID") != "b-1" {
				t.Errorf("goes on after %q", r.Header.Get("Last-Event-ID"))
			}
			_, _ = io.WriteString(w, `{"v":1,"id":"b-2","type":"connection.closed","time":"2026-01-02T03:04:07Z","cid":7,"reason":"Kicked","severity":"info","in_msgs":3}`+"\n")
		}
	})
	got := try(t, "events", "-n", "2", "-s", l.URL)
	want := "03:04:05.678 connection.opened cid=7 account=APP name=\"a b\"\n03:04:07.000 connection.closed cid=7 reason=Kicked in_msgs=3\n"
	if got.code != exitOK || got.out != want {
		t.Errorf("%+v", got)
	}
}

// Lame duck mode ends with the server: that is no failure.
func TestLameDuckToTheEnd(t *testing.T) {
	t.Parallel()
	polls := 0
	l := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
		} else if polls++; polls > 1 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		_, _ = w.Write([]byte(`{"id":"o1","kind":"lame_duck","state":"running","progress":{"done":1,"total":2}}`))
	})
	if got := try(t, "lame-duck", "-y", "-s", l.URL); got.code != exitOK || !strings.Contains(got.err, "the server has stopped") {
		t.Errorf("%+v", got)
	}
}

func TestEveryPage(t *testing.T) {
	t.Parallel()
	l := listen(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("cursor") {
		case "":
			_, _ = w.Write([]byte(`{"items":[{"cid":1},{"cid":2}],"next_cursor":"c2","total":3}`))
		default:
			_, _ = w.Write([]byte(`{"items":[{"cid":3}],"total":3}`))
		}
	})
	if got := try(t, "conn", "list", "--all", "-o", "name", "-s", l.URL); got.out != "1\n2\n3\n" {
		t.Errorf("%+v", got)
	}
	if got := try(t, "conn", "list", "-s", l.URL); !strings.HasPrefix(got.out, "2 of 3 connections; --all shows every page\n") {
		t.Errorf("%+v", got)
	}
}

func TestHealthWaits(t *testing.T) {
	t.Parallel()
	n := 0
	l := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n < 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"status":"unavailable","checks":[{"name":"listeners","status":"unavailable","detail":"not yet"}]}`))
			return
		}
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	})
	got := try(t, "health", "-s", l.URL)
	if got.code != exitUnhealthy || !strings.Contains(got.out, "listeners: not yet") {
		t.Errorf("%+v", got)
	}
	n = 0
	if got := try(t, "health", "--wait", "30s", "-s", l.URL); got.code != exitOK || !strings.Contains(got.out, "ok") {
		t.Errorf("%+v", got)
	}
}
