package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"natsd/internal/config/syntax"
)

// refusedFiles lists the valid files that a start refuses, with the keys whose feature is not built.
var refusedFiles = map[string]string{
	"11-tls-all.conf":                  "tls.ocsp_peer",
	"13-accounts-exports-imports.conf": "accounts.SPOKE.imports",
	"14-mappings.conf":                 "mappings",
	"17-leafnode-hub.conf":             "leafnodes",
	"18-leafnode-spoke.conf":           "leafnodes",
	"19-gateway.conf":                  "gateway",
	"20-websocket.conf":                "websocket",
	"21-websocket-tls.conf":            "websocket",
	"22-mqtt.conf":                     "jetstream mqtt",
	"23-jetstream.conf":                "jetstream",
	"24-jetstream-accounts.conf":       "jetstream",
	"29-k8s-generated.conf":            "jetstream",
	"30-operator-memory-resolver.conf": "operator",
	"31-operator-dir-resolver.conf":    "operator",
	"32-auth-callout.conf":             "authorization.auth_callout",
	"36-everything-listens.conf":       "jetstream gateway leafnodes websocket mqtt",
}

// TestValidFiles loads the files that nats-server accepts.
func TestValidFiles(t *testing.T) {
	t.Parallel()
	dir := fixtures(t)
	files, _ := filepath.Glob(filepath.Join(dir, "*.conf"))
	if len(files) != 36 {
		t.Fatalf("%d files, want 36", len(files))
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			o, r := Load(Source{Path: f, Env: fixtureEnv, WorkDir: dir})
			if err := r.Err(); err != nil {
				t.Fatal(err)
			}
			if o == nil || !strings.HasPrefix(o.Digest, "sha256:") {
				t.Fatalf("no options, or digest missing: %v", o)
			}
			var refused []string
			for _, p := range o.Refusals() {
				refused = append(refused, p.Key)
			}
			if got := strings.Join(refused, " "); got != refusedFiles[filepath.Base(f)] {
				t.Errorf("refused: %q, want %q", got, refusedFiles[filepath.Base(f)])
			}
			for _, w := range r.Warnings() {
				t.Log(strings.TrimPrefix(w.Error(), dir+"/"))
			}
		})
	}
}

// expected is one line of a .err file: what nats-server prints for a bad file.
type expected struct {
	line int // 0: it names no place
	text string
}

var errLine = regexp.MustCompile(`^[\w-]+\.conf:(\d+):\d+: (.*)$`)

// readExpected reads the first complaint of a .err file; later ones follow from it.
func readExpected(t *testing.T, path string) expected {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(strings.TrimPrefix(string(data), "nats-server: "), "\n")
	if m := errLine.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		return expected{line, m[2]}
	}
	return expected{0, text}
}

// TestBadFiles compares with what nats-server says of the same files: the line, the text where it
// speaks in words, and the fact of failure. Every file that differs is listed with its reason.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	dir := fixtures(t)
	bad := filepath.Join(dir, "bad")
	files, _ := filepath.Glob(filepath.Join(bad, "*.conf"))
	var mu sync.Mutex
	counts := map[string]int{}
	t.Run("files", func(t *testing.T) {
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), ".conf")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, r := Load(Source{Path: f, WorkDir: bad, Env: fixtureEnv})
				got := judgeBadFile(t, name, readExpected(t, strings.TrimSuffix(f, ".conf")+".err"), r)
				mu.Lock()
				counts[got]++
				mu.Unlock()
			})
		}
	})
	t.Logf("%d files: %v", len(files), counts)
	if len(files) != 161 {
		t.Errorf("%d files", len(files))
	}
}

func judgeBadFile(t *testing.T, name string, want expected, r *Report) string {
	t.Helper()
	warning := strings.HasPrefix(name, "warn-") || name == "empty"
	found := r.Errors()
	if warning {
		found = r.Warnings()
	}
	for _, p := range found {
		if !strings.HasSuffix(p.Error(), want.text) {
			continue
		}
		switch {
		case want.line == 0 || p.Pos.Line == want.line:
			return "same words"
		case betterPlace[name]:
			return "same words, better place"
		}
	}
	if reason := acceptedHere[name]; reason != "" {
		if err := r.Err(); err != nil {
			t.Errorf("natsd should accept it (%s): %v", reason, err)
		}
		return "accepted here"
	}
	sameLine := func(p syntax.Problem) bool { return want.line == 0 || p.Pos.Line == want.line }
	if i := slices.IndexFunc(found, sameLine); i >= 0 && reasonForOtherWords(name) != "" {
		return "other words"
	}
	t.Errorf("want line %d: %s\ngot %v", want.line, want.text, r.Problems)
	return "wrong"
}

// acceptedHere lists files that only a defect of nats-server refuses.
var acceptedHere = map[string]string{
	"var-bcrypt-2b": "bcrypt hashes begin with $2b$ and $2y$ too, so an unquoted one is text",
}

// betterPlace lists files for which nats-server names the enclosing block, natsd the entry itself.
var betterPlace = map[string]bool{"accounts-import-no-account": true, "accounts-import-not-exported": true}

// otherWords lists files for which natsd says the same in better words; a name ending in * stands
// for all files that begin so.
var otherWords = map[string]string{
	"lex-*":                      "the parser names file, line and column, and speaks of the text instead of its own states",
	"inc-*":                      "as lex-*; errors inside an included file are reported at their place in that file",
	"var-*":                      "with file, line and column",
	"type-*":                     "expected and found are named in words instead of Go types",
	"server-tags-int":            "as type-*",
	"listen-bool":                "as type-*",
	"accounts-export-two-kinds":  "as type-*",
	"websocket-compression-type": "as type-*",
	"accounts-trace-sampling":    "without the slip of the pen",
	"leaf-nkey-bad-seed":         "the seed is not shown",
	"start-operator-no-resolver": "an empty address in the operator's JWT is none",
	"warn-auth-timeout":          "an unquoted 2m is two minutes here, so the number in the text differs",
}

func reasonForOtherWords(name string) string {
	group, _, _ := strings.Cut(name, "-")
	return otherWords[name] + otherWords[group+"-*"]
}
