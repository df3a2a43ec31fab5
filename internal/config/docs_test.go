package config

import (
	"bytes"
	"flag"
	"io"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite generated files")

// TestDocumentation keeps the generated pages equal to the registry.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	for path, write := range map[string]func(io.Writer) error{
		"../../docs/configuration.md": WriteDocumentation,
		"../../docs/reload.md":        WriteReloadTable,
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.MkdirAll("../../docs", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(want, got.Bytes()) {
			t.Errorf("%s is not what the registry says (%v); run: go test ./internal/config -run TestDocumentation -update", path, err)
		}
	}
}

// TestEveryKeyIsDocumented looks for what the documentation cannot do without.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	for k := range Keys {
		if k.Doc == "" {
			t.Errorf("%s has no text", k.Path)
		}
		if k.Type == 0 {
			t.Errorf("%s has no type", k.Path)
		}
		if k.Reload == Restart && k.Why == "" {
			t.Errorf("%s needs a restart and does not say why", k.Path)
		}
		if k.Reload == Disruptive && k.Why == "" {
			t.Errorf("%s may end connections and does not say which", k.Path)
		}
	}
}
