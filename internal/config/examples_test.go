package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples loads the files that operators start from: none may give as much as a warning, or
// use what a start refuses.
func TestExamples(t *testing.T) {
	t.Parallel()
	examples, err := filepath.Abs("../../conf/examples")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(examples, "*.conf"))
	if len(files) < 12 {
		t.Errorf("%d files", len(files))
	}
	index, err := os.ReadFile(filepath.Join(examples, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	makeCertificates(t, filepath.Join(work, "certs"))
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, r := Load(Source{Path: file, WorkDir: work, Env: exampleEnv})
			for _, p := range r.Problems {
				t.Error(p)
			}
			if o != nil && len(o.Refusals()) > 0 {
				t.Error(o.Refusals())
			}
			if !strings.Contains(string(index), "("+name+")") {
				t.Error("not in README.md")
			}
		})
	}
}

// exampleEnv is what the examples expect in the environment.
func exampleEnv(name string) (string, bool) {
	v, ok := map[string]string{"POD_NAME": "nats-0", "NATS_TOKEN": "abc", "NATS_PASSWORD": `"s3cret"`, "NATS_NAME": "n1", "ROUTE_PASSWORD": "s3cret"}[name]
	return v, ok
}
