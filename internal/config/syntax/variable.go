package syntax

import (
	"fmt"
	"strings"
)

// maxValues bounds the tree. Variables and repeated includes count each time: a few lines that
// double each other would otherwise fill the memory of whoever walks the tree.
const maxValues = 2 << 20

// variable replaces a reference by its value: that of a key above it in the innermost map that has
// one, else that of the environment.
func (p *parser) variable(start int, name string) (*Value, bool) {
	if strings.HasPrefix(name, "2a$") {
		return p.hash(start, name), true
	}
	var v *Value
	for i := len(p.scopes) - 1; i >= 0 && v == nil; i-- {
		if e := p.scopes[i].Get(name); e != nil {
			e.Referenced = true
			v = e.Value
		}
	}
	p.loader.outside++
	if v == nil {
		var why string
		if v, why = p.loader.fromEnv(name); why != "" {
			return nil, p.failAt(start, why, "the text of a variable is read like configuration: quote it inside the variable if it is a string")
		}
	}
	if v == nil && (strings.HasPrefix(name, "2b$") || strings.HasPrefix(name, "2y$")) {
		return p.hash(start, name), true
	}
	if v == nil {
		what := "this variable"
		if !p.env && !p.secret() {
			what = fmt.Sprintf("variable %q", name)
		}
		return nil, p.failAt(start, what+" is not defined", "define it above this line or in the environment, or put the value in quotes if it is not a variable")
	}
	if !p.expand(start, v) {
		return nil, false
	}
	use := *v
	use.Pos = p.pos(start)
	return &use, true
}

// hash makes a string of a bcrypt hash that stands without quotes.
func (p *parser) hash(start int, rest string) *Value {
	return p.str(start, "$"+rest, "$"+rest)
}

// expand accounts for a value that occurs once more.
func (p *parser) expand(start int, v *Value) bool {
	if p.depth+int(v.height) > maxDepth {
		p.stop()
		return p.failAt(start, fmt.Sprintf("nested deeper than %d", maxDepth), "")
	}
	return p.count(start, int(v.nodes))
}

// count accounts for more values.
func (p *parser) count(start, values int) bool {
	p.loader.values += values
	if p.loader.values <= maxValues {
		return true
	}
	if !p.stopped {
		p.stop()
		p.failAt(start, fmt.Sprintf("more than %d values", maxValues), "included files and values of variables count each time they are used")
	}
	return false
}

// secret reports whether the value that is being read belongs to a key that holds a secret.
func (p *parser) secret() bool {
	return len(p.path) > 0 && secretKey(p.path[len(p.path)-1])
}

// fromEnv reads an environment variable as a value. It returns nil without a reason when there is
// none of that name.
func (l *loader) fromEnv(name string) (v *Value, why string) {
	if v, ok := l.environ[name]; ok {
		if v == nil {
			return nil, fmt.Sprintf("environment variable %q refers to itself", name)
		}
		return v, ""
	}
	text, ok := l.env(name)
	if !ok {
		return nil, ""
	}
	if len(l.environ) >= maxDepth*maxDepth {
		return nil, "too many environment variables"
	}
	l.environ[name] = nil
	defer func() {
		if v == nil {
			delete(l.environ, name)
		}
	}()
	var first Problem
	p := &parser{
		source: newSource("$"+name, text),
		loader: l,
		env:    true,
		scopes: []*Table{{}},
		report: func(found Problem) bool {
			if !found.Warning && first.Message == "" {
				first = found
			}
			return first.Message == ""
		},
	}
	// The text stands for what follows the separator of some top-level key, and the rest of it must
	// be readable although nothing of it counts.
	value, _ := p.separatedValue(0, top)
	if first.Message == "" {
		p.finish(top)
		p.entries(0, top)
	}
	if first.Message != "" {
		return nil, fmt.Sprintf("environment variable %q cannot be read: %s", name, first.Message)
	}
	l.environ[name] = value
	return value, ""
}
