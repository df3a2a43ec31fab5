package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

// convert checks one plain value against its key and returns it as bool, int64, string, []string or
// time.Duration. Problems are reported here and give nil.
// The name is the last element of the key, or what the operator chose in its place; in is the path of the
// block that it stands in.
func (d *decoder) convert(n *node, in, name string, v *syntax.Value, from Origin) any {
	k := n.key
	if k.Secret {
		d.secrets = append(d.secrets, v)
	}
	read := k.Parse
	if read == nil {
		read = func(v *syntax.Value) (any, error) { return d.read(k, in, name, v, from) }
	}
	value, err := read(v)
	if err == nil && k.Check != nil {
		err = k.Check(value)
	}
	if err != nil {
		d.refuse(join(in, name), from, err)
		return nil
	}
	if k.ZeroIsDefault && (value == int64(0) || value == time.Duration(0) || value == "") {
		return k.Default
	}
	return value
}

// refuse reports a bad value at its place; a flag or a variable has no place but a name. An error
// may know better where it happened.
func (d *decoder) refuse(path string, from Origin, err error) {
	var at *placedError
	switch {
	case from.Layer > FromFile:
		d.errorAt(Pos{}, path, "%s: %s", from.Name, err)
	case errors.As(err, &at):
		d.errorAt(at.pos, path, "%s", at.text)
	default:
		d.errorAt(from.Pos, path, "%s", err)
	}
}

// placedError is an error that knows its place inside a value, such as an array element.
type placedError struct {
	pos  Pos
	text string
}

func (e *placedError) Error() string { return e.text }

func errorIn(v *syntax.Value, format string, args ...any) error {
	return &placedError{pos: v.Pos, text: fmt.Sprintf(format, args...)}
}

// read is the reader of values that no Parse function replaces.
func (d *decoder) read(k *Key, in, name string, v *syntax.Value, from Origin) (any, error) {
	t := k.Type
	switch {
	case t&Free != 0:
		return v, nil
	case t&Bool != 0 && v.Kind == syntax.Bool:
		return v.Bool, nil
	case t&Int != 0 && v.Kind == syntax.Int:
		return v.Int, nil
	case t&durations != 0:
		return d.duration(k, in, name, v, from)
	case t&sizes != 0 && v.Kind == syntax.Int:
		return v.Int, nil
	case t&SizeOrText != 0 && v.Kind == syntax.String:
		return sizeText(name, v.Str)
	case t&(Text|Strings) != 0 && v.Kind == syntax.String:
		return word(k, v, t)
	case t&(Strings|List) != 0 && v.Kind == syntax.Array:
		return texts(v)
	}
	return nil, typeError(k, name, v)
}

// word reads a string; a key with Words takes only those and gets them as the registry writes them.
func word(k *Key, v *syntax.Value, t Type) (any, error) {
	if t&Strings != 0 {
		return []string{v.Str}, nil
	}
	if len(k.Words) == 0 {
		return v.Str, nil
	}
	i := slices.IndexFunc(k.Words, func(w string) bool { return strings.EqualFold(w, v.Str) })
	if i < 0 {
		return nil, fmt.Errorf("expected %s, got %q", oneOf(k.Words), v.Str)
	}
	return k.Words[i], nil
}

// texts reads an array of strings.
func texts(v *syntax.Value) (any, error) {
	out := make([]string, 0, len(v.Items))
	for _, item := range v.Items {
		if item.Kind != syntax.String {
			return nil, errorIn(item, "expected a string, got %s", describe(item))
		}
		out = append(out, item.Str)
	}
	return out, nil
}

func typeError(k *Key, name string, v *syntax.Value) error {
	if k.TypeError != "" {
		return errors.New(strings.NewReplacer("%s", describe(v), "%k", plainKind(v.Kind), "%q", strconv.Quote(name)).Replace(k.TypeError))
	}
	if v.Kind == syntax.String && k.Type&(Bool|Int|sizes) != 0 && v.Quoted && !k.Secret {
		return fmt.Errorf("expected %s, got %s; leave out the quotes", k.Type, describe(v))
	}
	if k.Secret {
		return fmt.Errorf("expected %s, got %s; put it in quotes", k.Type, kindWord(v.Kind))
	}
	return fmt.Errorf("expected %s, got %s", k.Type, describe(v))
}

// describe names a value in an error text. Long strings are cut.
func describe(v *syntax.Value) string {
	switch v.Kind {
	case syntax.Bool:
		return strconv.FormatBool(v.Bool)
	case syntax.Int, syntax.Float, syntax.Time:
		return "the" + strings.TrimPrefix(kindWord(v.Kind), "a") + " " + v.Raw
	case syntax.String:
		s := v.Str
		if len(s) > 40 {
			s = s[:40] + "…"
		}
		return fmt.Sprintf("the string %q", s)
	}
	return kindWord(v.Kind)
}

func kindWord(k syntax.Kind) string {
	switch k {
	case syntax.Bool:
		return "a boolean"
	case syntax.Int:
		return "a number"
	case syntax.Float:
		return "a decimal number"
	case syntax.Time:
		return "a date"
	case syntax.Array:
		return "an array"
	case syntax.Map:
		return "a block"
	}
	return "a string"
}

// plainKind is the name of a kind in texts that programs may compare.
func plainKind(k syntax.Kind) string {
	words := map[syntax.Kind]string{
		syntax.String: "string", syntax.Bool: "bool", syntax.Int: "integer",
		syntax.Float: "float", syntax.Time: "date", syntax.Array: "array", syntax.Map: "map",
	}
	return words[k]
}

// oneOf joins words as "a, b or c".
func oneOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}
