package contexts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/ctl/contexts"
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "natsctl", "contexts.yaml")
	f, err := contexts.Load(path)
	if err != nil || len(f.Contexts) != 0 {
		t.Fatalf("no file: %v, %v", f, err)
	}
	// Letter case is kept: names are values and no keys.
	prod := contexts.Context{Name: "Prod", Server: "https://h:8223", TokenFile: "/t", TLSCA: "/ca", Insecure: true, Timeout: "3s"}
	for _, c := range []contexts.Context{prod, {Name: "prod", Compat: true, Token: "t"}} {
		if err := f.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := contexts.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := again.Get("Prod")
	if diff := cmp.Diff(prod, got); !ok || diff != "" || again.Current != "Prod" {
		t.Errorf("current %q, %v\n%s", again.Current, ok, diff)
	}
	if !again.Remove("Prod") || again.Remove("Prod") || again.Current != "" || len(again.Contexts) != 1 {
		t.Errorf("after Remove: %+v", again)
	}
	if err := again.Put(contexts.Context{Name: "a b"}); err == nil {
		t.Error("a name with a space")
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"contexts: [":                          "is no YAML",
		"contexts: [{name: a, tokn: canary}]":  "tokn",
		"contexts: canary":                     "",
		"contexts: [{name: [canary, canary]}]": "",
	} {
		path := filepath.Join(t.TempDir(), "contexts.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := contexts.Load(path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A token that others can read is as good as lost: the user is told.
func TestTokensArePrivate(t *testing.T) {
	t.Parallel()
	for text, refused := range map[string]bool{"contexts: [{name: a, token: canary}]": true, "contexts: [{name: a, token_file: x}]": false} {
		path := filepath.Join(t.TempDir(), "contexts.yaml")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := contexts.Load(path)
		if (err != nil) != refused || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestImportNATS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"east.json": `{"description":"east","url":"nats://user:secret@h1:4222,nats://h2","password":"secret","ca":"/ca.pem"}`,
		"west.json": `{"url":"[::1]:4222"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := contexts.ImportNATS(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []contexts.Context{
		{Name: "east", Description: "east", Server: "https://h1:8223", TLSCA: "/ca.pem"},
		{Name: "west", Server: "http://[::1]:8223"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
