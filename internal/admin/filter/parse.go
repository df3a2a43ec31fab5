package filter

import (
	"cmp"
	"slices"
	"strings"

	"natsd/internal/glob"
)

// How long and how deep an expression may be.
const (
	MaxLength = 4096
	maxDepth  = 32
)

// Expr is an expression over rows whose fields are of type F. It is immutable.
type Expr[F any] struct{ root test[F] }

// test tells whether a row passes; get returns what the row has in a field.
type test[F any] func(get func(F) Value) bool

// Match tells whether a row passes; get returns what it has in a field. The nil Expr lets all pass.
func (e *Expr[F]) Match(get func(F) Value) bool { return e == nil || e.root(get) }

// Parse reads an expression. Lookup returns the field of a name and its kind. The error is an [*Error].
func Parse[F any](text string, lookup func(name string) (field F, kind Kind, ok bool)) (*Expr[F], error) {
	p := &parser[F]{scanner: scanner{text: text}, lookup: lookup}
	if len(text) > MaxLength {
		return nil, &Error{MaxLength + 1, "the expression is too long"}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.either(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != end {
		return nil, p.unexpected("&& or ||")
	}
	return &Expr[F]{root}, nil
}

type parser[F any] struct {
	scanner
	lookup func(string) (F, Kind, bool)
	tok    token
}

func (p *parser[F]) advance() *Error {
	t, err := p.next()
	p.tok = t
	return err
}

func (p *parser[F]) unexpected(wanted string) *Error {
	return p.fault(p.tok.at, "%s is expected, not %s", wanted, p.tok)
}

// either reads what || combines.
func (p *parser[F]) either(depth int) (test[F], *Error) {
	left, err := p.both(depth)
	for err == nil && p.tok.is("||") {
		var right test[F]
		if err = p.advance(); err != nil {
			break
		}
		if right, err = p.both(depth); err != nil {
			break
		}
		l := left
		left = func(get func(F) Value) bool { return l(get) || right(get) }
	}
	return left, err
}

// both reads what && combines.
func (p *parser[F]) both(depth int) (test[F], *Error) {
	left, err := p.single(depth)
	for err == nil && p.tok.is("&&") {
		var right test[F]
		if err = p.advance(); err != nil {
			break
		}
		if right, err = p.single(depth); err != nil {
			break
		}
		l := left
		left = func(get func(F) Value) bool { return l(get) && right(get) }
	}
	return left, err
}

// single reads one comparison, or a group.
func (p *parser[F]) single(depth int) (test[F], *Error) {
	if depth >= maxDepth {
		return nil, p.fault(p.tok.at, "the expression is nested too deeply")
	}
	switch {
	case p.tok.is("!"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.single(depth + 1)
		if err != nil {
			return nil, err
		}
		return func(get func(F) Value) bool { return !inner(get) }, nil
	case p.tok.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.either(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.tok.is(")") {
			return nil, p.unexpected(`")"`)
		}
		return inner, p.advance()
	case p.tok.kind == word:
		return p.comparison()
	}
	return nil, p.unexpected("a field")
}

func (p *parser[F]) comparison() (test[F], *Error) {
	name := p.tok
	field, kind, ok := p.lookup(name.text)
	if !ok {
		return nil, p.fault(name.at, "there is no field %q", name.text)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	op := p.tok
	if op.kind != symbol || !isComparison(op.text) {
		if kind == Bool {
			return func(get func(F) Value) bool { return get(field).Int != 0 }, nil
		}
		return nil, p.unexpected("an operator such as ==")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != word && p.tok.kind != quoted {
		return nil, p.unexpected("a value")
	}
	compare, err := p.comparer(kind, op, p.tok)
	if err != nil {
		return nil, err
	}
	return func(get func(F) Value) bool { return compare(get(field)) }, p.advance()
}

func isComparison(op string) bool {
	switch op {
	case "==", "=", "!=", "<", "<=", ">", ">=", "~", "!~":
		return true
	}
	return false
}

// comparer compares a value of that kind with what stands in the expression.
func (p *parser[F]) comparer(kind Kind, op, val token) (func(Value) bool, *Error) {
	if kind == Text || kind == Words {
		return p.texts(kind, op, val)
	}
	n, err := literal(kind, val.text)
	if err != nil {
		return nil, p.fault(val.at, "%v", err)
	}
	pass := order(op.text)
	if pass == nil || kind == Bool && op.text != "==" && op.text != "=" && op.text != "!=" {
		return nil, p.fault(op.at, "%s does not go with a %s", op.text, kind)
	}
	return func(v Value) bool { return pass(cmp.Compare(float64(v.Int), n)) }, nil
}

func (p *parser[F]) texts(kind Kind, op, val token) (func(Value) bool, *Error) {
	var pass func(s string) bool
	not := strings.HasPrefix(op.text, "!")
	switch op.text {
	case "~", "!~":
		pass = func(s string) bool { return glob.Match(val.text, s) }
	case "!=":
		pass = func(s string) bool { return s == val.text }
	default:
		right := order(op.text)
		pass = func(s string) bool { return right(strings.Compare(s, val.text)) }
	}
	if kind == Text {
		return func(v Value) bool { return pass(v.Text) != not }, nil
	}
	return func(v Value) bool { return slices.ContainsFunc(v.Words, pass) != not }, nil
}

// order returns what a comparison has to give for op to hold; nil for an operator that has nothing to do
// with order.
func order(op string) func(int) bool {
	switch op {
	case "==", "=":
		return func(c int) bool { return c == 0 }
	case "!=":
		return func(c int) bool { return c != 0 }
	case "<":
		return func(c int) bool { return c < 0 }
	case "<=":
		return func(c int) bool { return c <= 0 }
	case ">":
		return func(c int) bool { return c > 0 }
	case ">=":
		return func(c int) bool { return c >= 0 }
	}
	return nil
}
