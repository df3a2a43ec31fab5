package harness

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Scope gives the placeholders of one test their values: <port> and every name that ends in _port
// (free ports, one per name), <dir> (an empty directory), <certs> (the directory of Certs).
// It is for one goroutine.
type Scope struct {
	tb    testing.TB
	ports map[string]int
	dir   string
}

// NewScope returns a scope without any value yet.
func NewScope(tb testing.TB) *Scope {
	return &Scope{tb: tb, ports: map[string]int{}}
}

var (
	placeholder = regexp.MustCompile(`<[^<>\s][^<>]*>`)
	portName    = regexp.MustCompile(`^(?:\w+_)?port$`)
)

// Port returns the port with a placeholder's name (without the angle brackets).
func (s *Scope) Port(name string) int {
	if s.ports[name] == 0 {
		s.ports[name] = Port(s.tb)
	}
	return s.ports[name]
}

// Addr returns 127.0.0.1 with the port of that name.
func (s *Scope) Addr(name string) string { return "127.0.0.1:" + strconv.Itoa(s.Port(name)) }

// Dir returns the test's scratch directory.
func (s *Scope) Dir() string {
	if s.dir == "" {
		s.dir = s.tb.TempDir()
	}
	return s.dir
}

// Value returns the value of a placeholder, and false for one that it does not know.
func (s *Scope) Value(name string) (string, bool) {
	switch {
	case name == "dir":
		return s.Dir(), true
	case name == "certs":
		return Certs(s.tb).Dir, true
	case portName.MatchString(name):
		return strconv.Itoa(s.Port(name)), true
	}
	return "", false
}

// Expand replaces the placeholders of text. Those that the scope does not know are given to the
// further lookups in order; one that nobody knows stays as it is.
func (s *Scope) Expand(text string, more ...func(name string) (string, bool)) string {
	lookups := append([]func(string) (string, bool){s.Value}, more...)
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(p, "<"), ">")
		for _, lookup := range lookups {
			if v, ok := lookup(name); ok {
				return v
			}
		}
		return p
	})
}
