package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/internal/ctl/client"
	"natsd/test/harness"
)

// live runs a natsd with canary secrets and returns the address of its admin API.
func live(t *testing.T, conf string) (*harness.Server, string) {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "admin.sock")
	s := harness.Start(t, harness.Natsd, fmt.Sprintf("watch: false\nadmin { unix: %q, pprof: true }\n", sock)+conf)
	return s, "unix://" + sock
}

const canaryConf = `
server_name: live
authorization {
  users: [
    {user: alice, password: canary-alice}
    {user: bob, password: canary-bob, permissions: {publish: "orders.>"}}
  ]
}
`

// connect makes a client that notes the errors that the server tells it.
func connect(t *testing.T, s *harness.Server, name, user string) (*nats.Conn, *errorsSeen) {
	t.Helper()
	seen := &errorsSeen{}
	nc, err := nats.Connect("nats://"+s.Addr, nats.Name(name), nats.UserInfo(user, "canary-"+user), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { seen.add(err) }),
		nats.ClosedHandler(func(nc *nats.Conn) { seen.add(nc.LastError()) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, seen
}

type errorsSeen struct {
	mu   sync.Mutex
	list []string
}

func (e *errorsSeen) add(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, fmt.Sprint(err))
}

func (e *errorsSeen) has(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.list, func(s string) bool { return strings.Contains(s, text) })
}

// The zero-configuration way: a socket in the usual folder, and natsctl connz --sort bytes_to.
func TestFindsTheServer(t *testing.T) {
	t.Parallel()
	s, address := live(t, canaryConf)
	quiet, _ := connect(t, s, "quiet", "bob")
	loud, _ := connect(t, s, "loud", "alice")
	if _, err := loud.SubscribeSync("orders.>"); err != nil {
		t.Fatal(err)
	}
	if err := loud.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := quiet.Publish("orders.1", make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	if err := quiet.Flush(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(strings.TrimPrefix(address, "unix://"))
	here := func(a *app) { a.places = client.Places{Folders: []string{dir}} }
	got := tryApp(t, here, "connz", "--sort", "bytes_to", "-o", "jsonpath=.connections[*].name")
	if got.code != exitOK || got.out != "loud\nquiet\n" {
		t.Errorf("%+v", got)
	}
	if got := tryApp(t, here, "connz", "--sort", "bytes_from", "-o", "jsonpath=.connections[*].name"); got.out != "quiet\nloud\n" {
		t.Errorf("%+v", got)
	}
	if got := tryApp(t, here, "status"); got.code != exitOK || !strings.Contains(got.out, "State:            running") {
		t.Errorf("%+v", got)
	}
}

func TestConnectionsLive(t *testing.T) {
	t.Parallel()
	s, address := live(t, canaryConf)
	nc, seen := connect(t, s, "app-1", "alice")
	if _, err := nc.SubscribeSync("a.b"); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	connect(t, s, "app-2", "bob")
	ask := func(args ...string) result { return try(t, append(args, "-s", address)...) }
	if got := ask("conn", "list", "--name", "app-*", "--sort", "cid", "-o", "jsonpath=.items[*].name"); got.out != "app-1\napp-2\n" {
		t.Errorf("%+v", got)
	}
	if got := ask("conn", "list", "--filter", `name=="app-2"`, "-o", "name"); strings.Count(got.out, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	id, err := nc.GetClientID()
	if err != nil {
		t.Fatal(err)
	}
	cid := fmt.Sprint(id)
	if got := ask("conn", "get", cid); got.code != exitOK || !strings.Contains(got.out, "app-1") {
		t.Errorf("%+v", got)
	}
	if got := ask("conn", "subs", cid, "-o", "name"); got.out != "a.b\n" {
		t.Errorf("%+v", got)
	}
	if got := ask("conn", "ping", cid); got.code != exitOK || !strings.Contains(got.out, "RTT") {
		t.Errorf("%+v", got)
	}
	if got := ask("kick", cid, "--dry-run"); got.code != exitOK || nc.IsClosed() {
		t.Errorf("%+v", got)
	}
	if got := ask("kick", cid, "--reason", "too loud"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	if !harness.Eventually(20*time.Second, func() bool { return seen.has("too loud") }) {
		t.Errorf("the client was told %v", seen.list)
	}
	if got := ask("conn", "get", cid); got.code != exitOK || !strings.Contains(got.out, "Kicked") {
		t.Errorf("%+v", got)
	}
	if got := ask("kick", "99999"); got.code != exitNotFound {
		t.Errorf("%+v", got)
	}
	if got := ask("conn", "summary", "-o", "jsonpath=.groups[0].reason"); !strings.Contains(got.out, "Kicked") {
		t.Errorf("%+v", got)
	}
	if got := ask("kick", "--name", "app-*", "-y", "-o", "jsonpath=.kicked"); got.out != "1\n" {
		t.Errorf("%+v", got)
	}
	// A ban keeps a user out until it ends.
	if got := ask("ban", "add", "--user", "bob", "--for", "10m", "--reason", "pause"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	if _, err := nats.Connect("nats://"+s.Addr, nats.UserInfo("bob", "canary-bob"), nats.NoReconnect()); err == nil {
		t.Error("bob is let in")
	}
	if got := ask("ban", "list", "-o", "csv"); !strings.Contains(got.out, "bob") {
		t.Errorf("%+v", got)
	}
	if got := ask("ban", "remove", "--all"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	connect(t, s, "app-3", "bob")
}

// Subjects: who wants them, who may use them, and at which line that stands.
func TestSubjectsAndLogLive(t *testing.T) {
	t.Parallel()
	s, address := live(t, canaryConf)
	nc, _ := connect(t, s, "one", "alice")
	for _, subject := range []string{"orders.*", "orders.eu"} {
		if _, err := nc.QueueSubscribe(subject, "workers", func(*nats.Msg) {}); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	ask := func(args ...string) result { return try(t, append(args, "-s", address)...) }
	for _, c := range [][2]string{
		{"sub list --match orders.eu -o name", "orders.*\norders.eu\n"},
		{"sub list --queue workers -o jsonpath=.total", "2\n"},
		{"subject interest orders.eu -o jsonpath=.queues[0].name", "workers\n"},
		{"subject check orders.1 --user bob --op pub -o jsonpath=.allowed", "true\n"},
		{"subject check other --user bob --op pub -o jsonpath=.allowed", "false\n"},
		{"log level warn --module auth -o jsonpath=.modules.auth", "warn\n"},
		{"log level -o jsonpath=.source", "api\n"},
	} {
		if got := ask(strings.Fields(c[0])...); got.code != exitOK || got.out != c[1] {
			t.Errorf("%s: %+v", c[0], got)
		}
	}
	if got := ask("subject", "check", "other", "--user", "bob", "--op", "pub"); !strings.Contains(got.out, s.Config+":") {
		t.Errorf("%+v", got)
	}
}

// Events come while they happen.
func TestEventsLive(t *testing.T) {
	t.Parallel()
	s, address := live(t, canaryConf)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	out := &screen{}
	a := newApp(strings.NewReader(""), out, out)
	a.file = func() (string, error) { return filepath.Join(t.TempDir(), "contexts.yaml"), nil }
	done := make(chan int)
	go func() { done <- a.run(ctx, []string{"events", "--topic", "connection", "-s", address}) }()
	nc, _ := connect(t, s, "seen-by-events", "alice")
	for i := 0; i < 50 && !strings.Contains(out.String(), "seen-by-events"); i++ { // the stream may begin after the first one
		time.Sleep(100 * time.Millisecond)
		nc.Close()
		nc, _ = connect(t, s, "seen-by-events", "alice")
	}
	nc.Close()
	out.wait(t, "connection.closed")
	cancel()
	if code := <-done; code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

// No secret is in anything that natsctl shows, whatever the command and the form.
func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	s, address := live(t, canaryConf)
	nc, _ := connect(t, s, "bird", "alice")
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	// A login that fails, a reload that changes a password, and one that is refused.
	_, _ = nats.Connect("nats://"+s.Addr, nats.UserInfo("alice", "canary-wrong"), nats.NoReconnect())
	conf := readConfig(t, s)
	ask := func(args ...string) result { return try(t, append(args, "-s", address)...) }
	if err := s.SetConfig(strings.Replace(conf, "canary-bob", "canary-bob-2", 1)); err != nil {
		t.Fatal(err)
	}
	ask("reload", "--reason", "new password")
	if err := s.SetConfig(conf + "\nauthorization { token: canary-token, nonsense: canary-nonsense }\n"); err != nil {
		t.Fatal(err)
	}
	commands := []string{
		"varz", "connz --auth --subs=detail", "connz --state any --auth", "subsz --subs", "accountz", "accountz --acc $G", "status", "server info",
		"server listeners", "conn list --subs=detail --state any", "conn summary --by user", "reload --dry-run", "reload", "reload status",
		"config diff", "config get", "config get --sources", "config get authorization", "config files", "config history", "config show 1", "config show 1 --conf",
		"config show 2", "config show 2 --conf", "config diff 1 2", "config restore 1 --dry-run", "events --recent -n 1000", "audit list", "auth failures --by user",
		"token list", "whoami", "ban list", "op list", "metrics --detailed", "pprof goroutine --debug 1", "api GET /config", "api GET /openapi.json", "top -n 1", "top -n 1 --csv", "health", "version",
	}
	forms := []string{"table", "wide", "json", "yaml", "csv", "ndjson"}
	if testing.Short() {
		forms = forms[:1]
	}
	for _, command := range commands {
		for _, form := range forms {
			got := ask(append(strings.Fields(command), "-o", form, "-v")...)
			if got.code == exitUsage || got.code == exitConnect {
				t.Errorf("%s: %+v", command, got)
			}
			if all := got.out + got.err; strings.Contains(all, "canary") {
				t.Errorf("%s -o %s shows a secret:\n%s", command, form, around(all, "canary"))
			}
		}
	}
}

func readConfig(t *testing.T, s *harness.Server) string {
	t.Helper()
	a := newApp(strings.NewReader(""), &screen{}, &screen{})
	text, err := a.readFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// around is the text near a word.
func around(text, word string) string {
	i := strings.Index(text, word)
	return text[max(0, i-100):min(len(text), i+100)]
}

// later are the endpoints whose engine is not built; they may not be there yet.
var later = []string{
	"/accounts", "/cluster", "/diagnostics/bundle", "/gateways", "/leafnodes", "/routes", "/traces", "/auth/test", "/connections/7/trace",
}

// What commands ask for is what the API offers, by its own description.
func TestRequestsAreInOpenAPI(t *testing.T) {
	t.Parallel()
	_, address := live(t, canaryConf)
	got := try(t, "api", "GET", "/openapi.json", "-s", address)
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(got.out), &doc); err != nil || len(doc.Paths) == 0 {
		t.Fatalf("%v: %.200s", err, got.out)
	}
	holder := regexp.MustCompile(`\\\{[^}]*\\\}`)
	for _, request := range requests {
		method, path, _ := strings.Cut(request, " ")
		path, _, _ = strings.Cut(path, " ")
		offered := strings.HasPrefix(path, "/x") || slices.ContainsFunc(later, func(l string) bool { return strings.HasPrefix(path, l) })
		for template, methods := range doc.Paths {
			pattern := "^" + holder.ReplaceAllString(regexp.QuoteMeta(strings.TrimPrefix(template, "/api/v1")), ".+") + "$"
			if methods[strings.ToLower(method)] != nil && regexp.MustCompile(pattern).MatchString(path) {
				offered = true
			}
		}
		if !offered {
			t.Errorf("%s %s is not in OpenAPI", method, path)
		}
	}
}

// What comes back as JSON is what the server says: a list of commands and of what they must hold.
func TestJSONLive(t *testing.T) {
	t.Parallel()
	_, address := live(t, canaryConf)
	for command, key := range map[string]string{
		"varz": "server_id", "connz": "connections", "reload status": "watcher", "server info": "listeners", "whoami": "role", "config get": "sources",
		"config history": "items", "conn list": "items", "ban list": "items", "token list": "items", "audit list": "items", "op list": "items",
		"events --recent": "items", "health": "status", "version": "client", "conn summary": "groups",
	} {
		got := try(t, append(strings.Fields(command), "-o", "json", "-s", address)...)
		var v map[string]any
		if err := json.Unmarshal([]byte(got.out), &v); err != nil || v[key] == nil {
			t.Errorf("%s: no %q: %v %+v", command, key, err, got)
		}
	}
}
