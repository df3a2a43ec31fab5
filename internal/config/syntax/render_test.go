package syntax

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// renderer writes a tree of plain values as configuration.
type renderer struct {
	separator string                // between key and value
	next      string                // between entries and between items
	text      func(s string) string // a quoted string
	float     func(f float64) string
}

var renderers = map[string]renderer{
	"native":          {" = ", "\n", hexEscaped, pointed},
	"windows":         {" ", "\r\n", hexEscaped, pointed},
	"compact":         {":", ";", hexEscaped, pointed},
	"json":            {":", ",", jsonEscaped, exponent},
	"commas in front": {": ", "\n,", jsonEscaped, pointed},
}

func (r renderer) value(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for k, x := range v {
			parts = append(parts, `"`+k+`"`+r.separator+r.value(x))
		}
		return "{" + strings.Join(parts, r.next) + "}"
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, r.value(x))
		}
		return "[" + strings.Join(parts, strings.ReplaceAll(r.next, ";", ",")) + "]"
	case string:
		return r.text(v)
	case float64:
		return r.float(v)
	case time.Time:
		return v.Format(dateForm)
	}
	return fmt.Sprint(v)
}

func jsonEscaped(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// hexEscaped escapes only what must be.
func hexEscaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ', c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}

func pointed(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// exponent keeps the point: an integer with a signed exponent is a string to nats-server.
func exponent(f float64) string {
	s := strconv.FormatFloat(f, 'e', -1, 64)
	if !strings.Contains(s, ".") {
		s = strings.Replace(s, "e", ".0e", 1)
	}
	return s
}

// TestRoundTrip writes random trees in several ways and reads them again.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, r := range renderers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				want := table(3).Draw(t, "tree")
				text := r.value(want)
				f, problems := Parse("test.conf", []byte(text), nil)
				if firstError(problems) != (Problem{}) {
					t.Fatalf("%q: %v", text, problems)
				}
				if diff := cmp.Diff(want, f.Root.plain(), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%q: %s", text, diff)
				}
			})
		})
	}
}

func table(depth int) *rapid.Generator[map[string]any] {
	return rapid.MapOfN(rapid.StringMatching(`[a-zé.*>$,;={#/ -]{0,6}`), anything(depth), 0, 5)
}

func anything(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.String().AsAny(),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Float64().AsAny(),
		rapid.Map(rapid.Int64Range(0, 1<<37), func(s int64) time.Time { return time.Unix(s, 0).UTC() }).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.Deferred(func() *rapid.Generator[any] { return table(depth - 1).AsAny() }),
			rapid.Deferred(func() *rapid.Generator[any] { return rapid.SliceOfN(anything(depth-1), 0, 4).AsAny() }))
	}
	return rapid.OneOf(kinds...)
}
