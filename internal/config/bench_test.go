package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkLoad reads a small file, and one of 10,000 users with permissions.
func BenchmarkLoad(b *testing.B) {
	var users strings.Builder
	users.WriteString("listen: 127.0.0.1:4222\nauthorization { users: [\n")
	for i := range 10_000 {
		fmt.Fprintf(&users, "{ user: u%d, password: p%d, permissions { publish: [\"a.%d.>\", b], subscribe { allow: \"c.%d\", deny: d } } }\n", i, i, i, i)
	}
	users.WriteString("] }\n")
	for name, text := range map[string]string{"small": "listen: 127.0.0.1:4222\n", "10000 users": users.String()} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "natsd.conf")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if o, r := Load(Source{Path: path}); o == nil {
					b.Fatal(r.Err())
				}
			}
		})
	}
}
