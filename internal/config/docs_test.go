package config

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite generated files")

// TestDocumentation keeps docs/configuration.md equal to the registry.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	const path = "../../docs/configuration.md"
	var got bytes.Buffer
	if err := WriteDocumentation(&got); err != nil {
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

// TestEveryKeyIsDocumented looks for what the documentation cannot do without.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	for _, k := range Keys {
		if k.Doc == "" {
			t.Errorf("%s has no text", k.Path)
		}
		if k.Type == 0 {
			t.Errorf("%s has no type", k.Path)
		}
	}
}
