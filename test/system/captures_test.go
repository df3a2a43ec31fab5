package system

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// capturesOf are requests that were recorded of a nats-server 2.15 with everything switched on. The name
// of a file is the request: user, subject and options.
const capturesOf = "testdata/captures/latest.*.json"

// elsewhere are the keys that a server has only with clusters, gateways, leaf nodes, JetStream, MQTT,
// WebSocket, mappings or OCSP.
var elsewhere = []string{
	".server.feature_flags.js_snapshot_sources", ".data.feature_flags.js_snapshot_sources", // of 2.15
	".server.cluster", ".server.domain", ".statsz.routes", ".statsz.gateways", ".statsz.jetstream",
	".data.cluster.", ".data.gateway.", ".data.leaf.", ".data.mqtt.", ".data.websocket.", ".data.jetstream.", ".data.slow_consumer",
	".data.connect_urls", ".data.ws_connect_urls", ".data.tls_", ".data.ocsp", ".data.metadata", ".data.proxies", ".data.http_req_stats",
	".data.mappings", ".data.exports", ".data.imports", ".data.account_detail.mappings", ".data.account_detail.exports", ".data.account_detail.imports",
	".data.responses", ".data.account_detail.responses", ".data.leafs[]", ".data.leafs is no list or empty", ".data.config.", ".data.limits", ".data.meta_cluster",
	".data.total", ".data.connections[].mqtt_client", ".data.connections[].tls_", ".data.connections[].jwt",
	".data.permissions.publish", ".data.permissions.subscribe", ".data.permissions.responses", ".data.permissions",
}

// TestCapturedRequests makes the recorded requests and holds that natsd answers every key that was
// recorded, with a value of the same type, and the very same errors.
func TestCapturedRequests(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Natsd, "server_name: a1\nwatch: false"+accounts)
	sys, app := connect(t, s, "sys"), connect(t, s, "app")
	if _, err := app.QueueSubscribeSync("foo.*", "q"); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"foo.1", "bar"} {
		if err := app.Publish(word, []byte(word)); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Flush(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(capturesOf)
	if err != nil || len(files) < 30 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	own := id(t, s)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			who, subject, body := captured(t, file, own)
			nc := sys
			if who != "a1" {
				nc = app
			}
			compareCaptured(t, nc, subject, body, want)
		})
	}
}

func compareCaptured(t *testing.T, nc *nats.Conn, subject, body string, want any) {
	t.Helper()
	got := ask(t, nc, subject, body)
	var whole any
	if err := json.Unmarshal(got.raw, &whole); err != nil {
		t.Fatal(err)
	}
	for _, key := range lacks("", want, whole) {
		known := false
		for _, prefix := range elsewhere {
			known = known || strings.HasPrefix(key, prefix)
		}
		if !known {
			t.Errorf("%s %s: lacks %s", subject, body, key)
		}
	}
	wantError, _ := want.(map[string]any)["error"].(map[string]any)
	if (wantError == nil) != (got.Error == nil) || wantError != nil && wantError["description"] != got.Error.Description {
		t.Errorf("%s %s: error %v, recorded %v", subject, body, got.Error, wantError)
	}
}

// captured takes the request out of the name of its recording.
func captured(t *testing.T, file, own string) (who, subject, body string) {
	t.Helper()
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "latest."), ".json")
	parts := strings.Split(name, "__")
	who, subject, _ = strings.Cut(parts[0], ".SYS.")
	subject = "$SYS." + strings.Replace(subject, ".id.", "."+own+".", 1)
	options := map[string]any{}
	for _, option := range parts[1:] {
		key, value, ok := strings.Cut(option, "=")
		switch n, err := strconv.Atoi(value); {
		case !ok:
			return who, subject, "not json"
		case err == nil:
			options[key] = n
		case value == "true":
			options[key] = true
		default:
			options[key] = strings.Replace(value, "bob", "app", 1)
		}
	}
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	return who, subject, string(text)
}
