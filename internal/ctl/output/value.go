package output

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind says how a value is shown to people.
type Kind uint8

// The kinds.
const (
	Text     Kind = iota
	Number        // as it is, to the right
	Count         // of something: 1.2M
	Bytes         // 1.2G, in steps of 1024
	Time          // RFC 3339: local
	Nanos         // a number of nanoseconds: 2m0s
	Percent       // of a hundred
	Seconds       // a number of seconds
	Size          // how many entries a list or a map has
	Enabled       // bool: yes or no
	Duration      // text that is a duration already; to the right
)

// right tells that the kind is lined up by its end.
func (k Kind) right() bool {
	switch k {
	case Text, Time, Enabled:
		return false
	default:
		return true
	}
}

// Compact writes a value as JSON on one line, for people: nothing is escaped for HTML. What has no form
// gives nothing.
func Compact(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Get returns the value at a path of keys such as "sent.msgs"; nil when there is none.
func Get(v any, path string) any {
	if path == "" {
		return v
	}
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// show gives a value for people.
func (p *Printer) show(v any, k Kind) string {
	switch {
	case k == Enabled:
		if on, ok := v.(bool); ok && on {
			return "yes"
		}
		return "no" // what is off is often left out
	case v == nil:
		return ""
	case k == Size:
		return strconv.Itoa(size(v))
	}
	if n, ok := float(v); ok {
		switch k {
		case Count:
			return Humane(n)
		case Bytes:
			return HumaneBytes(n)
		case Nanos:
			return shortDuration(time.Duration(n))
		case Seconds:
			return shortDuration(time.Duration(n * float64(time.Second)))
		case Percent:
			return strconv.FormatFloat(n, 'f', 1, 64) + "%"
		default:
		}
	}
	switch k {
	case Time:
		return p.local(v)
	default:
		return plain(v)
	}
}

// plain shows a value as it is: to programs, or where more than a glance is wanted.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = plain(item)
		}
		return strings.Join(parts, ",")
	case map[string]any:
		return Compact(v)
	}
	return fmt.Sprint(v)
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Float64()
		return n, err == nil
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}

func size(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

// Humane shortens a count in steps of 1000.
func Humane(n float64) string { return shorten(n, 1000, "", "K", "M", "B", "T") }

// HumaneBytes shortens a number of bytes in steps of 1024.
func HumaneBytes(n float64) string { return shorten(n, 1024, "", "K", "M", "G", "T", "P") }

func shorten(n, step float64, units ...string) string {
	i := 0
	// What would be printed as a full step gets the next unit.
	for i < len(units)-1 && math.Abs(n) >= step-0.05 {
		n /= step
		i++
	}
	if i == 0 {
		return strconv.FormatFloat(math.Trunc(n), 'f', 0, 64)
	}
	return strconv.FormatFloat(n, 'f', 1, 64) + units[i]
}

// shortDuration prints 2m0s as 2m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// local shows a time of RFC 3339 in the zone of the user.
func (p *Printer) local(v any) string {
	text := plain(v)
	t, err := time.Parse(time.RFC3339Nano, text)
	switch {
	case err != nil:
		return text
	case t.IsZero():
		return ""
	}
	zone := p.Zone
	if zone == nil {
		zone = time.Local
	}
	return t.In(zone).Format("2006-01-02 15:04:05")
}
