package filter

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind says what a field holds and what it can be compared with.
type Kind uint8

// The kinds of fields.
const (
	Text     Kind = iota
	Words         // several texts: one of them has to pass
	Number        // whole, a count or a size
	Milli         // a number, in thousandths
	Duration      // nanoseconds
	Time          // Unix nanoseconds
	Bool          // 0 or 1
)

// String names the kind for people.
func (k Kind) String() string {
	return [...]string{"text", "list of texts", "number", "number", "duration", "time", "truth"}[k]
}

// Value is what a row has in a field. Which part counts depends on the field's kind.
type Value struct {
	Int   int64
	Text  string
	Words []string
}

// literal reads the text of a value that is to be compared with a field of kind k, which is no text.
func literal(k Kind, s string) (float64, error) {
	switch k {
	case Number:
		return number(s)
	case Milli:
		n, err := number(s)
		return n * 1000, err
	case Duration:
		return duration(s)
	case Time:
		return moment(s)
	case Bool:
		switch strings.ToLower(s) {
		case "true", "yes", "1":
			return 1, nil
		case "false", "no", "0":
			return 0, nil
		}
		return 0, fmt.Errorf("%q is not true or false", s)
	default:
		return 0, errors.New("a text has no order")
	}
}

// units are the suffixes of the configuration language.
var units = map[string]float64{
	"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12,
	"kb": 1 << 10, "ki": 1 << 10, "kib": 1 << 10, "mb": 1 << 20, "mi": 1 << 20, "mib": 1 << 20,
	"gb": 1 << 30, "gi": 1 << 30, "gib": 1 << 30, "tb": 1 << 40, "ti": 1 << 40, "tib": 1 << 40,
}

func number(s string) (float64, error) {
	digits := strings.TrimRight(s, "abcdfghijklmnopqrstuvwxyzABCDFGHIJKLMNOPQRSTUVWXYZ") // not e: 1e9
	unit, ok := units[strings.ToLower(s[len(digits):])]
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !ok || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%q is not a number such as 1000, 1e9, 10k or 1MiB", s)
	}
	return n * unit, nil
}

// duration reads 90s or 1h30m, also in days, and takes a bare number for seconds.
func duration(s string) (float64, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
		return n * float64(time.Second), nil
	}
	n, rest := 0.0, s
	if days, after, ok := strings.Cut(s, "d"); ok {
		if v, err := strconv.ParseFloat(days, 64); err == nil {
			n, rest = v*24*float64(time.Hour), after
		}
	}
	if rest == "" {
		return n, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 90s, 1h30m or 2d", s)
	}
	return n + float64(d), nil
}

func moment(s string) (float64, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.UnixNano()), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time such as 2026-01-31T12:00:00Z", s)
}
