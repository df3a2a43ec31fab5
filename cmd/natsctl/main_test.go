package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"natsd/internal/ctl/client"
)

var update = flag.Bool("update", false, "write the golden files and the reference")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"natsctl": main})
}

// result is what one run of the program gave.
type result struct {
	out, err string
	code     int
}

// try runs the program in this process, with lines of 80 cells, times in UTC, nothing to find on this host
// and no contexts.
func try(t *testing.T, args ...string) result {
	t.Helper()
	return tryApp(t, nil, args...)
}

func tryApp(t *testing.T, change func(*app), args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &err)
	a.places = client.Places{Folders: []string{t.TempDir()}, API: "http://127.0.0.1:1", Monitor: "http://127.0.0.1:1"}
	a.file = func() (string, error) { return filepath.Join(t.TempDir(), "contexts.yaml"), nil }
	a.environ = nil
	a.width = func() int { return 80 }
	a.zone = time.UTC
	if change != nil {
		change(a)
	}
	code := a.run(context.Background(), args)
	return result{out.String(), err.String(), code}
}

// golden compares with a file of testdata/golden.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
