package syntax

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

const (
	maxFileSize = 16 << 20 // bytes of one file
	maxIncludes = 100_000  // files included by one load, repeated ones counted again
)

var errTooLarge = fmt.Errorf("larger than %d MiB: not a configuration file", maxFileSize>>20)

// link is one file of the chain from the main file to the include that is being read.
type link struct {
	name string
	path string // absolute, symbolic links resolved where possible
}

// enter notes that the file at path is being read, which is shown under name.
func (l *loader) enter(path, name string) {
	path = absolute(path)
	l.file.Files = append(l.file.Files, path)
	l.chain = append(l.chain, link{name: name, path: resolved(path)})
}

// include reads the rest of an include directive that starts at an offset and puts the keys of the
// included files into the innermost scope.
func (p *parser) include(start int) bool {
	p.loader.outside++
	path, ok := p.includePath()
	if !ok {
		return false
	}
	if p.env {
		return p.failAt(start, "an environment variable cannot include files", "")
	}
	names, ok := p.resolve(start, path)
	if !ok {
		return false
	}
	for _, name := range names {
		if p.loader.includes++; p.loader.includes > maxIncludes {
			p.stop()
			return p.failAt(start, fmt.Sprintf("more than %d includes", maxIncludes), "")
		}
		t, ok := p.load(start, name)
		if !ok {
			continue
		}
		for _, e := range t.Entries {
			if !p.expand(start, e.Value) {
				return false
			}
			copied := *e
			p.path = append(p.path, e.Key)
			p.put(&copied)
			p.path = p.path[:len(p.path)-1]
		}
	}
	return true
}

// includePath reads the path, bare or in quotes. There are no escapes and no variables in it.
func (p *parser) includePath() (string, bool) {
	p.skipInline()
	start := p.at
	switch c := p.peek(); {
	case c == '"', c == '\'':
		end := strings.IndexByte(p.text[start+1:], c)
		if end < 0 {
			p.stop()
			return "", p.failAt(start, "this quote is never closed", "")
		}
		p.at = start + 1 + end + 1
		return p.text[start+1 : p.at-1], true
	case p.eof(), p.newline():
		return "", p.fail("include needs a path on the same line", "")
	case c == '(', c == '{', c == '[', c == '-', digit(c):
		return "", p.fail("include needs a path", "quote a path that begins with a digit or a special character")
	}
	for !p.eof() && !p.newline() && strings.IndexByte(" \t;}'", p.peek()) < 0 {
		p.at++
	}
	path := p.text[start:p.at]
	if p.peek() == '\'' {
		p.at++
	}
	return path, true
}

// resolve finds the files that an include path means: the one of that name, or all that match a
// pattern, sorted.
func (p *parser) resolve(start int, path string) ([]string, bool) {
	name := filepath.Join(p.dir, path)
	if filepath.IsAbs(path) {
		// nats-server takes even this path as relative; a file that relies on that goes on working.
		if files := p.loader.files; !files.Exists(path) && files.Exists(name) {
			p.warnAt(start, fmt.Sprintf("there is no %s: %s is used", path, name), "write the path relative to this file, without a leading slash")
			return []string{name}, true
		}
		name = filepath.Clean(path)
	}
	if !isPattern(path) || p.loader.files.Exists(name) {
		return []string{name}, true
	}
	names, err := p.loader.match(name)
	if err != nil {
		return nil, p.failAt(start, fmt.Sprintf("include %s: %s", path, err), "")
	}
	if len(names) == 0 {
		p.warnAt(start, fmt.Sprintf("include %s: no file matches", path), "")
	}
	return names, true
}

// match returns the files that a pattern matches, sorted. Only the last element may be a pattern,
// so that it costs no more than the reading of one directory.
func (l *loader) match(pattern string) ([]string, error) {
	dir, base := filepath.Split(pattern)
	if isPattern(dir) {
		return nil, errors.New("only the last element of the path may be a pattern")
	}
	if _, err := filepath.Match(base, ""); err != nil {
		return nil, errors.New("not a valid pattern")
	}
	entries, err := l.files.List(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	l.file.Patterns = append(l.file.Patterns, absolute(pattern))
	var names []string
	for _, name := range entries {
		// Editors keep their locks and copies beside the file, with a dot in front.
		if name[0] == '.' && base[0] != '.' {
			continue
		}
		if ok, _ := filepath.Match(base, name); ok {
			names = append(names, filepath.Join(dir, name))
		}
	}
	return names, nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// load reads one included file. Problems in it have been reported under its own name.
func (p *parser) load(start int, name string) (*Table, bool) {
	l := p.loader
	path := absolute(name)
	if t := l.included[path]; t != nil {
		return t, true
	}
	if cycle := l.cycle(name, resolved(path)); cycle != "" {
		return nil, p.failAt(start, "include cycle: "+cycle, "")
	}
	if len(l.chain) > maxDepth {
		return nil, p.failAt(start, fmt.Sprintf("includes nested deeper than %d", maxDepth), "")
	}
	text, err := l.files.Read(name)
	if err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "the path is relative to the directory of this file"
			if strings.HasSuffix(name, ",") {
				hint = "the comma is read as part of the path: put the path in quotes"
			}
		}
		return nil, p.failAt(start, "include "+err.Error(), hint)
	}
	l.enter(name, name)
	t := l.parse(filepath.Dir(name), name, text)
	l.chain = l.chain[:len(l.chain)-1]
	l.included[path] = t
	return t, true
}

// cycle names the way from a file back to itself, if there is one.
func (l *loader) cycle(name, path string) string {
	var b strings.Builder
	for _, link := range l.chain {
		if b.Len() > 0 || link.path == path {
			b.WriteString(link.name + " -> ")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return b.String() + name
}

// absolute returns the path from the root.
func absolute(name string) string {
	path, err := filepath.Abs(name)
	if err != nil {
		return filepath.Clean(name)
	}
	return path
}

// resolved follows symbolic links as far as that is possible.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
