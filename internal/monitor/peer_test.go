package monitor

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/internal/status"
)

// keys is the set of paths of a body, without what happens to be in maps.
func keys(t testing.TB, body []byte) []string {
	t.Helper()
	var out []string
	for _, line := range shape(t, body, 9) {
		key, _, _ := strings.Cut(line, " ")
		for _, dynamic := range []string{"$.http_req_stats.", "$.metadata.", "$.feature_flags."} {
			if strings.HasPrefix(key, dynamic) {
				key = dynamic + "*"
			}
		}
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// compareKeys logs which keys only one side has, and returns those that natsd lacks.
func compareKeys(t *testing.T, what string, peer, natsd []string) (missing []string) {
	t.Helper()
	for _, k := range peer {
		if !slices.Contains(natsd, k) {
			missing = append(missing, k)
		}
	}
	var more []string
	for _, k := range natsd {
		if !slices.Contains(peer, k) {
			more = append(more, k)
		}
	}
	t.Logf("%s: %d keys in nats-server, %d in natsd; only nats-server %v; only natsd %v", what, len(peer), len(natsd), missing, more)
	return missing
}

// featureKeys are parts of objects of features that natsd does not have yet.
var featureKeys = []string{"$.cluster.", "$.gateway.", "$.leaf.", "$.mqtt.", "$.websocket.", "$.jetstream.", "$.feature_flags."}

// TestKeysOfCaptures compares the key sets of varz and connz with those of all captures together.
func TestKeysOfCaptures(t *testing.T) {
	t.Parallel()
	c := newCollector(fullFake())
	c.options = fullOptions
	h := Handler(c, "")
	for _, tt := range []struct {
		pattern string
		targets []string
	}{
		{"*.varz.json", []string{"/varz"}},
		{"*.connz*.json", []string{"/connz?auth=1&subs=detail&state=any", "/connz?auth=1&subs=1"}},
	} {
		var natsd, peer []string
		for _, target := range tt.targets {
			natsd = append(natsd, keys(t, get(t, h, "GET", target).Body.Bytes())...)
		}
		files, err := filepath.Glob(filepath.Join("testdata", "captures", tt.pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no captures: %v", err)
		}
		for _, file := range files {
			peer = append(peer, keys(t, readFile(t, file))...)
		}
		missing := compareKeys(t, tt.pattern, unique(peer), unique(natsd))
		if missing = without(missing, featureKeys...); len(missing) > 0 {
			t.Errorf("natsd lacks %v of %s", missing, tt.pattern)
		}
	}
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// TestPagingOfPeer compares counts for odd pages of the same three connections.
func TestPagingOfPeer(t *testing.T) {
	t.Parallel()
	client, monitor := startPeer(t)
	for range 3 {
		nc, err := nats.Connect(client, nats.UserInfo("alice", "x"))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	src := newFake()
	src.open = fakeConns(3)
	for i := range src.open {
		src.open[i].Facts.CID = uint64(i + 4) // as the peer counts
	}
	h := Handler(newCollector(src), "")
	for _, query := range []string{
		"", "limit=0", "limit=2", "limit=2&offset=2", "offset=3", "offset=4", "limit=-1&offset=-1", "cid=5", "cid=5&offset=1", "cid=5&limit=9", "cid=77",
		"acc=NOPE&offset=5&limit=3", "acc=NOPE&cid=5", "acc=$SYS", "acc=$G&limit=1", "user=nobody&acc=$G", "state=closed&limit=3", "state=ANY", "sort=&limit=1",
		"limit=9223372036854775807", // not offset: there nats-server 2.9.10 panics
	} {
		var peer, natsd Connz
		if err := json.Unmarshal([]byte(fetch(t, http.DefaultClient, monitor+"/connz?"+query)), &peer); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(get(t, h, "GET", "/connz?"+query).Body.Bytes(), &natsd); err != nil {
			t.Fatal(err)
		}
		if peer.NumConns != natsd.NumConns || peer.Total != natsd.Total || peer.Offset != natsd.Offset || peer.Limit != natsd.Limit ||
			(peer.ID == "") != (natsd.ID == "") || (peer.Connections == nil) != (natsd.Connections == nil) {
			t.Errorf("%s: nats-server %d of %d from %d limit %d, natsd %d of %d from %d limit %d", query,
				peer.NumConns, peer.Total, peer.Offset, peer.Limit, natsd.NumConns, natsd.Total, natsd.Offset, natsd.Limit)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestKeysOfPeer compares with a running nats-server where one is installed.
func TestKeysOfPeer(t *testing.T) {
	t.Parallel()
	client, monitor := startPeer(t)
	nc, err := nats.Connect(client, nats.Name("keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.SubscribeSync("a.*"); err != nil {
		t.Fatal(err)
	}
	gone, err := nats.Connect(client)
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}

	src := newFake()
	src.open = fakeConns(1)
	sub := status.Sub{Subject: "a.*", SID: "1", CID: 5}
	src.connSubs = map[uint64][]status.Sub{5: {sub}}
	sub.Account, sub.AccountTag = "$G", "$G"
	src.subs = []status.Sub{sub}
	src.closed = []*status.Closed{{Conn: fakeConns(2)[1], Stop: testNow, Reason: "Client Closed"}}
	src.accounts[1].Clients = 1
	src.accounts[1].Imports = []status.Import{{Subject: "s", Account: "$SYS", To: "t", LocalSubject: "l", Type: "service"}}
	h := Handler(newCollector(src), "")
	for _, target := range []string{
		"/varz", "/connz", "/connz?subs=1&auth=1", "/connz?subs=detail", "/connz?state=closed", "/connz?acc=NOPE", "/connz?cid=77&offset=3",
		"/routez", "/gatewayz", "/leafz", "/jsz", "/jsz?accounts=1", "/subsz", "/subsz?subs=1", "/accountz", "/accountz?acc=$G", "/accstatz", "/healthz",
	} {
		body := fetch(t, http.DefaultClient, monitor+target)
		missing := compareKeys(t, target, keys(t, []byte(body)), keys(t, get(t, h, "GET", target).Body.Bytes()))
		if missing = without(missing, featureKeys...); len(missing) > 0 {
			t.Errorf("natsd lacks %v in %s", missing, target)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestErrorsOfPeer asks a running nats-server the same wrong questions.
func TestErrorsOfPeer(t *testing.T) {
	t.Parallel()
	_, monitor := startPeer(t)
	h := Handler(newCollector(newFake()), "")
	for _, target := range []string{
		"/connz?limit=x", "/connz?auth=maybe&limit=x", "/connz?limit=99999999999999999999", "/connz?cid=-1", "/connz?state=dead", "/connz?sort=bogus",
		"/connz?sort=stop&state=any", "/connz?subs=maybe", "/subsz?subs=1&test=foo.*", "/subsz?test=foo..bar", "/subsz?limit=x&subs=y", "/accountz?acc=NOPE",
		"/accstatz?unused=x", "/jsz?streams=x", "/leafz?subs=detail", "/routez?subs=x", "/gatewayz?accs=x", "/ipqueuesz?all=x", "/nope", "/varz/",
		"/healthz?js-enabled=x", "/jsz?leader-only=1", "/connz?state=&limit=",
	} {
		resp, err := http.Get(monitor + target)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		w := get(t, h, "GET", target)
		if w.Code != resp.StatusCode || w.Code != 200 && w.Body.String() != string(body) {
			t.Errorf("%s: natsd %d %q, nats-server %d %q", target, w.Code, w.Body.String(), resp.StatusCode, body)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// startPeer runs nats-server for the test and returns its client and monitoring URLs.
func startPeer(t *testing.T) (client, monitor string) {
	t.Helper()
	path, err := exec.LookPath("nats-server")
	if err != nil {
		t.Skip("no nats-server to compare with")
	}
	conf := filepath.Join(t.TempDir(), "peer.conf")
	if err := os.WriteFile(conf, []byte("listen: 127.0.0.1:-1\nhttp: 127.0.0.1:-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-c", conf)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, stderr)
		_ = cmd.Wait()
	})
	address := regexp.MustCompile(`(http monitor|client connections) on (127\.0\.0\.1:\d+)`)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		switch m := address.FindStringSubmatch(lines.Text()); {
		case m == nil:
		case m[1] == "http monitor":
			monitor = "http://" + m[2]
		default:
			client = "nats://" + m[2]
		}
		if client != "" && monitor != "" {
			return client, monitor
		}
	}
	t.Fatal("nats-server ended")
	return "", ""
}
