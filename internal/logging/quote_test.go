package logging

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever a record holds, it is one line of printable text that cannot pass for two.
func FuzzLineIsOne(f *testing.F) {
	f.Add("text", "key", "value")
	f.Add("a\nb", "k k", "\x1b[31m")
	f.Add("\xff\u2028\u0085", "", "a\"b\\")
	f.Add("\r", "client", "x\r\n[INF] y")
	f.Fuzz(func(t *testing.T, message, key, value string) {
		at := time.Unix(1, 0)
		e := &entry{time: at, level: slog.LevelInfo, message: message, attrs: settle([]slog.Attr{
			slog.String(key, value), slog.String("client", value), slog.Group(key, slog.String(value, key)),
		})}
		for _, format := range []string{formatClassic, formatJSON, formatLogfmt} {
			enc, err := newEncoder(&Config{Format: format, Time: true}, 1)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := enc.append(nil, e)
			line := string(b)
			if i := strings.IndexByte(line, '\n'); i != len(line)-1 {
				t.Fatalf("%s: not one line: %q", format, line)
			}
			if format == formatJSON && !json.Valid(b) {
				t.Fatalf("not JSON: %q", line)
			}
			if !utf8.ValidString(line) {
				t.Fatalf("%s: not UTF-8: %q", format, line)
			}
			for _, r := range line[:len(line)-1] {
				if !strconv.IsPrint(r) {
					t.Fatalf("%s: %U is not printable: %q", format, r, line)
				}
			}
		}
	})
}

func FuzzWord(f *testing.F) {
	f.Add("plain")
	f.Add(`a"b`)
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, s string) {
		word := string(appendWord(nil, s))
		if strings.ContainsAny(word, "\n\r\x1b") || (word != s && word != strconv.Quote(s)) {
			t.Fatalf("%q became %q", s, word)
		}
		if word == s && strings.ContainsAny(s, " =\"\\\t") {
			t.Fatalf("%q stays bare", s)
		}
	})
}
