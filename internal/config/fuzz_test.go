package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad feeds whole files. Load must not panic, must give either options or an error, must give
// the same the second time, and must name a line that exists.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/conf/*.conf", "testdata/conf/bad/*.conf"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Add("admin { tokens: [ { id: a, hash: b, expires: 2020-01-01T00:00:00Z } ] }\nwatch: off\nmemory_limit: auto\nproxy_protocol_from: [10.0.0.0/8]\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			t.Skip() // would read files that happen to be there
		}
		path := filepath.Join(t.TempDir(), "f.conf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		src := Source{Path: path, WorkDir: dir, Env: fixtureEnv}
		o, r := Load(src)
		if (o == nil) != (r.Err() != nil) {
			t.Fatalf("options %v, error %v", o, r.Err())
		}
		lines := strings.Count(text, "\n") + 1
		for _, p := range r.Problems {
			if p.Pos.Line > lines || p.Message == "" || strings.HasPrefix(p.Message, "internal") {
				t.Fatalf("%+v", p)
			}
		}
		again, r2 := Load(src)
		if (again == nil) != (o == nil) || len(r.Problems) != len(r2.Problems) {
			t.Fatalf("first %v, then %v", r.Problems, r2.Problems)
		}
		if o != nil && o.Digest != again.Digest {
			t.Fatal("the digest changes")
		}
	})
}
