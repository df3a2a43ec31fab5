package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// recorded serves answers of a nats-server as a monitoring port does.
func recorded(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := strings.TrimPrefix(r.URL.Path, "/")
		switch q := r.URL.Query(); {
		case q.Get("state") == "closed":
			file += "_closed"
		case file == "connz" && q.Has("subs"):
			file += "_subs"
		case q.Get("acc") == "APP" && file == "accountz":
			file += "_app"
		}
		body, err := os.ReadFile(filepath.Join("testdata", "monitor", file+".json"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestMonitorGolden(t *testing.T) {
	t.Parallel()
	server := recorded(t)
	for file, args := range map[string]string{
		"varz":         "varz",
		"varz_wide":    "varz -o wide",
		"connz":        "connz",
		"connz_sort":   "connz --sort bytes_to",
		"connz_wide":   "connz -o wide",
		"connz_closed": "connz --sort reason",
		"connz_subs":   "connz --subs --auth",
		"connz_csv":    "connz -o csv",
		"connz_fields": "connz --fields cid,name,out_bytes,tls_version",
		"connz_yaml":   "connz -o yaml --fields cid,name",
		"connz_ndjson": "connz -o ndjson --fields cid,name",
		"connz_name":   "connz -o name",
		"connz_path":   "connz -o jsonpath={.connections[?(@.cid>20)].name}",
		"connz_bare":   "connz --no-headers",
		"routez":       "routez",
		"gatewayz":     "gatewayz --accs",
		"leafz":        "leafz",
		"leafz_subs":   "leafz --subs",
		"subsz":        "subsz --subs --acc APP",
		"accountz":     "accountz",
		"accountz_app": "accountz --acc APP",
		"accstatz":     "accstatz",
		"jsz":          "jsz",
		"raftz":        "raftz",
		"ipqueuesz":    "ipqueuesz --all",
		"healthz":      "healthz --details",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got := try(t, append(strings.Fields(args), "--compat", "-s", server)...)
			if got.code != exitOK || got.err != "" {
				t.Fatalf("exit code %d, stderr %q", got.code, got.err)
			}
			golden(t, file+".txt", got.out)
			if strings.Contains(args, "-o ") {
				return
			}
			for line := range strings.Lines(got.out) {
				if w := ansi.StringWidth(strings.TrimRight(line, "\n")); w > 80 {
					t.Errorf("a line of %d cells: %s", w, line)
				}
			}
		})
	}
}

func TestJSONIsTheAnswer(t *testing.T) {
	t.Parallel()
	server := recorded(t)
	for _, command := range []string{"varz", "connz", "routez", "gatewayz", "subsz", "accountz", "accstatz", "jsz", "ipqueuesz"} {
		want, err := os.ReadFile(filepath.Join("testdata", "monitor", command+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got := try(t, command, "-o", "json", "--compat", "-s", server)
		if strings.TrimSpace(got.out) != strings.TrimSpace(string(want)) {
			t.Errorf("%s -o json is not the answer of the server", command)
		}
	}
}

func TestConnzQuery(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"connz":                                             "",
		"connz --sort bytes_to":                             "sort=bytes_to",
		"connz --sort -bytes_to":                            "sort=-bytes_to",
		"connz --sort stop":                                 "sort=stop&state=closed",
		"connz --sort reason --state closed":                "sort=reason&state=closed",
		"connz --state any --limit 5 --offset 2 --cid 7":    "cid=7&limit=5&offset=2&state=any",
		"connz --acc APP --user bob --mqtt-client m --auth": "acc=APP&auth=true&mqtt_client=m&user=bob",
		"connz --subs":                                      "subs=1",
		"connz --subs=detail":                               "subs=detail",
		"connz --filter-subject a.>":                        "filter_subject=a.%3E",
		"subsz --test a.b":                                  "subs=1&test=a.b",
		"jsz --accounts --stream-leader-only":               "accounts=true&stream-leader-only=true",
		"gatewayz --gw-name A --acc-name B":                 "acc_name=B&gw_name=A",
		"healthz --js-enabled-only --account A":             "account=A&js-enabled-only=true",
		"leafz --acc A --subs":                              "acc=A&subs=true",
		"routez --subs=detail":                              "subs=detail",
		"accstatz --unused":                                 "unused=true",
		"ipqueuesz --all --queues Send":                     "all=true&queues=Send",
		"raftz --acc A --group g":                           "acc=A&group=g",
		"accountz --acc A":                                  "acc=A",
	} {
		var query string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			query = r.URL.RawQuery
			_, _ = w.Write([]byte(`{"status":"ok"}`))
		}))
		got := try(t, append(strings.Fields(args), "-o", "json", "--compat", "-s", s.URL)...)
		s.Close()
		if got.code != exitOK || query != want {
			t.Errorf("%s: asked for %q, want %q (exit code %d, %s)", args, query, want, got.code, got.err)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"connz --sort bogus":             "choose one of cid start subs pending msgs_to msgs_from bytes_to bytes_from last idle uptime stop reason rtt",
		"connz --sort stop --state open": "closed connections only",
		"connz --state ajar":             "none of open, closed, any",
		"connz --subs=much":              "none of 1, detail",
		"connz --limit x":                "invalid argument",
		"connz 7":                        "unknown command \"7\"",
		"conz":                           "connz?",
		"varz --nope":                    "unknown flag: --nope",
		"varz -o xml":                    "unknown output \"xml\"",
		"varz -o go-template={{":         "output: template",
		"varz -o jsonpath=[":             "output: jsonpath",
		"varz --watch=1ms":               "no interval of 100ms",
		"varz --color pink":              "none of auto, always, never",
		"varz --server ftp://x":          "ftp:// is not spoken",
		"varz --server http://u:pw@x:1":  "credentials",
		"varz --context nope":            "no context \"nope\"",
		"varz --tls-cert x":              "belong together",
	} {
		got := try(t, strings.Fields(args)...)
		if got.code != exitUsage || !strings.Contains(got.err, want) || got.out != "" {
			t.Errorf("%s: exit code %d, %q, want %q", args, got.code, got.err, want)
		}
	}
}

func TestServersInTurn(t *testing.T) {
	t.Parallel()
	got := try(t, "connz", "-o", "jsonpath=.num_connections", "--compat", "-s", recorded(t), "-s", recorded(t))
	if got.code != exitOK || strings.Count(got.out, "\n") != 2 || strings.Count(got.err, "http://127.0.0.1:") != 2 {
		t.Errorf("%+v", got)
	}
}

func TestMonitoringPortIsNoAPI(t *testing.T) {
	t.Parallel()
	server := recorded(t)
	if got := try(t, "connz", "-s", server); got.code != exitFail || !strings.Contains(got.err, "add --compat") {
		t.Errorf("%+v", got)
	}
	if got := try(t, "version", "-s", server, "--compat"); got.code != exitOK || !strings.Contains(got.out, "2.15.0-dev") {
		t.Errorf("%+v", got)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status     int
		body, want string
		code       int
	}{
		{400, `{"code":"invalid_parameter","detail":"no such thing"}`, "no such thing", exitFail},
		{401, `{"code":"unauthenticated","detail":"who are you"}`, "--token-file", exitDenied},
		{403, `{"code":"forbidden","detail":"viewers may not"}`, "viewers may not", exitDenied},
		{404, `{"code":"not_found","detail":"no connection 7"}`, "no connection 7", exitNotFound},
		{409, `{"code":"reload_in_progress","detail":"busy"}`, "--wait 30s", exitConflict},
		{412, `{"code":"precondition_failed","detail":"moved"}`, "repeat the command", exitConflict},
		{422, `{"code":"config_invalid","detail":"1 error","errors":[{"message":"unknown field \"x\"","file":"a.conf","line":3,"column":2,"snippet":"\tx: 1","severity":"error","hint":"did you mean y?"}]}`, "a.conf:3:2: unknown field \"x\"\n     x: 1\n     ^\n    hint: did you mean y?\n", exitInvalid},
		{429, `{"code":"rate_limited","detail":"slow down"}`, "slow down", exitFail},
		{501, `{"code":"feature_disabled","detail":"raftz is not built yet"}`, "not built yet", exitFail},
		{500, ``, "internal server error", exitFail},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.body != "" {
				w.Header().Set("Content-Type", "application/problem+json")
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		got := try(t, "varz", "-s", s.URL)
		s.Close()
		if got.code != c.code || !strings.Contains(got.err, c.want) {
			t.Errorf("%d: exit code %d, want %d: %s", c.status, got.code, c.code, got.err)
		}
	}
	if got := try(t, "varz"); got.code != exitConnect || !strings.Contains(got.err, "no server found") {
		t.Errorf("no server: %+v", got)
	}
	if got := try(t, "varz", "-s", "unix:///nonexistent/admin.sock"); got.code != exitConnect {
		t.Errorf("no socket: %+v", got)
	}
}

func TestHealthzExitCode(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"status":"error","error":"failed to be ready for connections after 1ms: server"}`))
	}))
	defer s.Close()
	got := try(t, "healthz", "--compat", "-s", s.URL)
	if got.code != exitUnhealthy || !strings.Contains(got.out, "failed to be ready") || got.err != "" {
		t.Errorf("%+v", got)
	}
}

// Names come from whoever connects: they must not steer the terminal.
func TestNamesDoNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"connections":[{"cid":1,"name":"a\u001b[2Jb\nc"}]}`))
	}))
	defer s.Close()
	got := try(t, "connz", "--compat", "-s", s.URL)
	if strings.ContainsAny(got.out, "\x1b") || strings.Count(got.out, "\n") != 2 {
		t.Errorf("%q", got.out)
	}
}
