package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConfigGolden(t *testing.T) {
	t.Parallel()
	for file, c := range map[string]struct {
		args string
		code int
	}{
		"diff":           {"config diff testdata/config/old.conf testdata/config/new.conf", exitChanges},
		"diff_color":     {"config diff testdata/config/old.conf testdata/config/new.conf --color always", exitChanges},
		"diff_csv":       {"config diff testdata/config/old.conf testdata/config/new.conf -o csv", exitChanges},
		"diff_none":      {"config diff testdata/config/old.conf testdata/config/old.conf", exitOK},
		"validate":       {"config validate testdata/config/old.conf testdata/config/bad.conf", exitInvalid},
		"fmt":            {"config fmt testdata/config/old.conf", exitOK},
		"fmt_check":      {"config fmt --check testdata/config/old.conf", exitChanges},
		"convert_json":   {"config convert --to json testdata/config/new.conf", exitOK},
		"convert_yaml":   {"config convert --to yaml testdata/config/new.conf", exitOK},
		"convert_toml":   {"config convert --to toml testdata/config/new.conf", exitOK},
		"explain":        {"explain authorization.users", exitOK},
		"explain_scalar": {"config explain ping_interval", exitOK},
		"explain_none":   {"explain ping_intervall", exitNotFound},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got := try(t, strings.Fields(c.args)...)
			if got.code != c.code {
				t.Errorf("exit code %d, want %d", got.code, c.code)
			}
			here, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "config_"+file+".txt", strings.ReplaceAll(got.out+got.err, here, ""))
		})
	}
}

// What people look at shows no secret. What writes a configuration must hold them.
func TestOfflineSecretsStayHidden(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"table", "wide", "json", "yaml", "csv", "ndjson", "name"} {
		for _, args := range []string{
			"config diff testdata/config/old.conf testdata/config/new.conf",
			"config diff testdata/config/old.conf testdata/config/bad.conf",
			"config validate testdata/config/old.conf testdata/config/bad.conf",
			"config validate --strict testdata/config/bad.conf",
			"config convert testdata/config/bad.conf",
			"config fmt testdata/config/bad.conf",
		} {
			got := try(t, append(strings.Fields(args), "-o", form, "-v")...)
			if strings.Contains(got.out+got.err, "canary") {
				t.Errorf("%s -o %s shows a secret:\n%s%s", args, form, got.out, got.err)
			}
		}
	}
}

func TestValidateForms(t *testing.T) {
	t.Parallel()
	got := try(t, "config", "validate", "testdata/config/bad.conf", "-o", "json")
	var results []validity
	if err := json.Unmarshal([]byte(got.out), &results); err != nil || got.code != exitInvalid {
		t.Fatalf("%v: %+v", err, got)
	}
	first := results[0].Errors[0]
	if results[0].Valid || first.Line != 1 || first.Column != 1 || first.Hint == "" || first.Snippet != "prot: 4222" {
		t.Errorf("%+v", results[0])
	}
	if got := try(t, "config", "validate", "nowhere.conf"); got.code != exitInvalid || !strings.Contains(got.err, "nowhere.conf") {
		t.Errorf("%+v", got)
	}
}

func TestFmtWrites(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "nats.conf")
	text := "a=1 # one\nc {d:2}"
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	if got := try(t, "config", "fmt", "-w", "--dry-run", file); got.code != exitOK || !strings.Contains(got.err, "would be changed") {
		t.Errorf("%+v", got)
	}
	if got := try(t, "config", "fmt", "-w", file); got.code != exitOK || got.out != "" {
		t.Errorf("%+v", got)
	}
	after, err := os.ReadFile(file)
	if err != nil || string(after) != "a: 1  # one\nc { d: 2 }\n" {
		t.Errorf("%q, %v", after, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := try(t, "config", "fmt", "--check", file); got.code != exitOK || got.out != "" {
		t.Errorf("%+v", got)
	}
	stdin := tryApp(t, func(a *app) { a.in = strings.NewReader(text) }, "config", "fmt")
	if diff := cmp.Diff(string(after), stdin.out); diff != "" {
		t.Error(diff)
	}
}

func TestSchemaIsJSON(t *testing.T) {
	t.Parallel()
	got := try(t, "config", "schema")
	if got.code != exitOK || !json.Valid(bytes.TrimSpace([]byte(got.out))) {
		t.Errorf("exit code %d", got.code)
	}
}

func TestOwnerIsKept(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give a file away")
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte("a=1\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 12345, 54321); err != nil {
		t.Skip(err)
	}
	if got := try(t, "config", "fmt", "-w", file); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	out, err := exec.Command("stat", "-c", "%u:%g %a", file).Output()
	if err != nil || string(out) != "12345:54321 640\n" {
		t.Errorf("%q, %v", out, err)
	}
}
