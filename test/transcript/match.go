package transcript

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// matcher compares what a recording wants with what came. It belongs to one connection.
type matcher struct {
	// lookup gives the value of a placeholder that stands for one certain value here.
	lookup func(name string) (string, bool)
	// optional are JSON keys whose absence or presence makes no difference.
	optional []string
	// seen keeps what placeholders matched last, for later lines to send.
	seen map[string]string
}

var placeholder = regexp.MustCompile(`<[^<>\s][^<>]*>`)

const (
	serverID = `N[A-Z2-7]{55}`
	rfc3339  = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`
	integer  = `\d+`
	number   = `-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?`
	duration = `(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|y))+|` + number
)

// kinds are the placeholders that match any value of their kind.
var kinds = map[string]kind{
	"server_id": {form: serverID}, "version": {form: `.+`}, "go": {form: `.+`}, "git_commit": {form: `.+`},
	"client_id": {form: integer, number: true}, "int": {form: integer, number: true},
	"num": {form: number, number: true}, "float": {form: number, number: true}, "seq": {form: integer, number: true},
	"client_port": {form: integer, number: true},
	"nonce":       {form: `[0-9A-Za-z_-]{15}`}, "xkey": {form: `X[A-Z2-7]{55}`},
	"id": {form: `.+`, either: true}, "time": {form: rfc3339},
	"rtt": {form: duration, either: true}, "duration": {form: duration, either: true},
	"len": {form: integer}, "hlen": {form: integer},
	"_R_reply":                  {form: `_R_\.[0-9A-Za-z]{6}\.[0-9A-Za-z]{6}`},
	"_R_tracked":                {form: `_R_\.[0-9A-Za-z]{6}\.[0-9A-Za-z]{6}\.[0-9A-Za-z]{8}\.T`},
	"sys_inbox":                 {form: `\$SYS\._INBOX\.[0-9A-Za-z]{8}\.[0-9A-Za-z]{8}`},
	"jwt:authorization-request": {form: `[\w-]+\.[\w-]+\.[\w-]+`},
}

// kind is what a placeholder matches: text of a form, inside JSON as a string, as a number, or as
// either.
type kind struct {
	form   string
	number bool
	either bool
}

// text compares a piece of text in which placeholders may stand anywhere.
func (m *matcher) text(want, got string) error {
	var form strings.Builder
	var names []string
	rest := want
	for {
		at := placeholder.FindStringIndex(rest)
		if at == nil {
			break
		}
		name := rest[at[0]+1 : at[1]-1]
		form.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		if v, ok := m.lookup(name); ok {
			form.WriteString(regexp.QuoteMeta(v))
		} else if k, ok := kinds[name]; ok {
			form.WriteString("(" + k.form + ")")
			names = append(names, name)
		} else if members, ok := strings.CutPrefix(name, "member:"); ok {
			form.WriteString("(?:" + members + ")")
		} else {
			form.WriteString(regexp.QuoteMeta(rest[at[0]:at[1]]))
		}
		rest = rest[at[1]:]
	}
	form.WriteString(regexp.QuoteMeta(rest))
	groups := regexp.MustCompile(`(?s)^(?:` + form.String() + `)$`).FindStringSubmatch(got)
	if groups == nil {
		return fmt.Errorf("want %q, got %q", want, got)
	}
	for i, name := range names {
		m.seen[name] = groups[i+1]
	}
	return nil
}

// json compares two JSON texts. Key order never matters; array order does not matter either,
// except for the first element when firstFixed is set.
func (m *matcher) json(want, got []byte, firstFixed bool) error {
	w, err := decode(want)
	if err != nil {
		return fmt.Errorf("the recording's JSON: %w", err)
	}
	g, err := decode(got)
	if err != nil {
		return fmt.Errorf("not JSON: %w: %.200q", err, got)
	}
	return m.value("", w, g, firstFixed)
}

func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("something follows the value")
	}
	return v, nil
}

func (m *matcher) value(path string, want, got any, firstFixed bool) error {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return m.differs(path, want, got)
		}
		return m.object(path, w, g, firstFixed)
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			return m.differs(path, want, got)
		}
		return m.array(path, w, g, firstFixed)
	case string:
		return m.scalar(path, w, got)
	default:
		if want != got {
			return m.differs(path, want, got)
		}
	}
	return nil
}

func (m *matcher) object(path string, want, got map[string]any, firstFixed bool) error {
	for key, w := range want {
		g, ok := got[key]
		switch {
		case ok:
			if err := m.value(path+"."+key, w, g, firstFixed); err != nil {
				return err
			}
		case !slices.Contains(m.optional, key):
			return fmt.Errorf("key %s%s is missing", path, "."+key)
		}
	}
	for key, g := range got {
		if _, ok := want[key]; !ok && !slices.Contains(m.optional, key) {
			return fmt.Errorf("key %s.%s is not wanted (its value is %s)", path, key, show(g))
		}
	}
	return nil
}

func (m *matcher) array(path string, want, got []any, firstFixed bool) error {
	rest := slices.Clone(got)
	for i, w := range want {
		if i == 0 && firstFixed {
			if err := m.value(path+"[0]", w, rest[0], firstFixed); err != nil {
				return err
			}
			rest = rest[1:]
			continue
		}
		at := slices.IndexFunc(rest, func(g any) bool { return m.value(path, w, g, firstFixed) == nil })
		if at < 0 {
			return fmt.Errorf("%s: no element %s in %s", path, show(w), show(got))
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return nil
}

// scalar compares with a string of the recording, which may be a placeholder of another type.
func (m *matcher) scalar(path, want string, got any) error {
	if want == "<object>" {
		if _, ok := got.(map[string]any); !ok {
			return m.differs(path, want, got)
		}
		return nil
	}
	text, isText := got.(string)
	n, isNumber := got.(json.Number)
	if isNumber {
		text = n.String()
	}
	whole := placeholder.FindString(want) == want && want != ""
	name := strings.Trim(want, "<>")
	k, known := kinds[name]
	switch {
	case !isText && !isNumber,
		isNumber && !whole,
		isNumber && known && !k.number && !k.either,
		isText && whole && known && k.number:
		return m.differs(path, want, got)
	}
	if err := m.text(want, text); err != nil {
		return m.differs(path, want, got)
	}
	return nil
}

func (m *matcher) differs(path string, want, got any) error {
	return fmt.Errorf("%s: want %s, got %s", path, show(want), show(got))
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(b))
}
