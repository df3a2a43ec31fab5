package monitor

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// params decodes the parameters of a request. The first error is kept in err and everything after it
// decodes as not given, so that callers look at err once, at the end.
type params struct {
	values url.Values
	err    error
}

// text returns the first value of a parameter; an empty one is as good as none.
func (p *params) text(name string) string {
	if p.err != nil {
		return ""
	}
	return p.values.Get(name)
}

func (p *params) bool(name string) bool {
	return decode(p, name, "boolean", strconv.ParseBool)
}

func (p *params) int(name string) int {
	return decode(p, name, "int", strconv.Atoi)
}

func (p *params) uint64(name string) uint64 {
	return decode(p, name, "uint64", func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
}

func decode[T any](p *params, name, kind string, parse func(string) (T, error)) T {
	var zero T
	s := p.text(name)
	if s == "" {
		return zero
	}
	v, err := parse(s)
	if err != nil {
		p.err = fmt.Errorf("Error decoding %s for '%s': %w", kind, name, err) //nolint:staticcheck // text of the protocol
		return zero
	}
	return v
}

func (p *params) state() ConnState {
	state, err := ParseConnState(p.text("state"))
	if err != nil && p.err == nil {
		p.err = err
	}
	return state
}

// subs decodes the parameter subs: a boolean, or "detail".
func (p *params) subs() (list, detail bool) {
	if strings.EqualFold(p.text("subs"), "detail") {
		return true, true
	}
	return p.bool("subs"), false
}
