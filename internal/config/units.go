package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

// duration reads the five duration forms. They differ in what a bare number means.
func (d *decoder) duration(k *Key, in, name string, v *syntax.Value, from Origin) (any, error) {
	if v.Kind == syntax.String {
		dur, err := time.ParseDuration(v.Str)
		if err != nil {
			return nil, fmt.Errorf("error parsing %s: %w", name, err)
		}
		return dur, nil
	}
	if dur, ok := unquoted(v); ok {
		if from.Layer == FromFile {
			d.warnAt(v.Pos, join(in, name), "%s is read as the duration %q; nats-server reads it as the number %d: put it in quotes", v.Raw, v.Raw, v.Int)
		}
		return dur, nil
	}
	switch {
	case k.Type&DurationText != 0, v.Kind != syntax.Int && v.Kind != syntax.Float:
		return nil, typeError(k, name, v)
	case v.Kind == syntax.Float && k.Type&(DurationOrSeconds|WholeSeconds) != 0:
		return nil, typeError(k, name, v)
	}
	value, err := seconds(v)
	if err == nil && k.Type&DurationOrSeconds != 0 && from.Layer == FromFile {
		d.warnAt(v.Pos, join(in, name), "invalid use of field %q: %s should be converted to a duration", name, name)
	}
	return value, err
}

// unquoted recognises a duration that the language took for a number with a size suffix: 5m.
func unquoted(v *syntax.Value) (time.Duration, bool) {
	if v.Kind != syntax.Int || v.Quoted || !strings.HasSuffix(strings.ToLower(v.Raw), "m") {
		return 0, false
	}
	dur, err := time.ParseDuration(strings.ToLower(v.Raw))
	return dur, err == nil
}

func seconds(v *syntax.Value) (any, error) {
	s := v.Float
	if v.Kind == syntax.Int {
		s = float64(v.Int)
	}
	if math.Abs(s) > math.MaxInt64/float64(time.Second) {
		return nil, fmt.Errorf("%s seconds are too many", v.Raw)
	}
	if v.Kind == syntax.Int {
		return time.Duration(v.Int) * time.Second, nil
	}
	return time.Duration(s * float64(time.Second)), nil
}

// sizeText reads a size given as string. Its letter counts in powers of 1024, while the suffix of a
// bare number counts in powers of 1000; that is what nats-server does.
func sizeText(name, s string) (any, error) {
	shift := map[byte]uint{'K': 10, 'M': 20, 'G': 30, 'T': 40}
	if s == "" || shift[s[len(s)-1]] == 0 {
		return nil, fmt.Errorf("%s sizes defined as strings must end in K, M, G, T", name)
	}
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	bits := shift[s[len(s)-1]]
	if err != nil || n > math.MaxInt64>>bits || n < math.MinInt64>>bits {
		return nil, fmt.Errorf("%s: %q is not a size", name, s)
	}
	return n << bits, nil
}
