package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParse reads a configuration of 10,000 users with permissions.
func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("listen: 127.0.0.1:4222\nauthorization {\n  users = [\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "    { user: user%d, password: \"secret%d\", permissions { publish: [\"a.%d.>\", \"b.*\"], subscribe: \"_INBOX.>\" } }\n", i, i, i)
	}
	text.WriteString("  ]\n}\n")
	src := []byte(text.String())
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := Parse("bench.conf", src, nil); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
