package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"natsd/internal/config/syntax"
)

// plainWord matches what may stand without quotes as a key.
var plainWord = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

func writeConf(b *bytes.Buffer, t *syntax.Table, path []string) {
	indent := strings.Repeat("  ", len(path))
	for _, e := range t.Entries {
		at := below(path, e.Key)
		b.WriteString(indent + confKey(e.Key))
		if e.Value.Kind == syntax.Map {
			b.WriteString(" ")
		} else {
			b.WriteString(": ")
		}
		writeConfValue(b, e.Value, at)
		b.WriteByte('\n')
	}
}

func confKey(key string) string {
	switch {
	case plainWord.MatchString(key) && !strings.EqualFold(key, "include"):
		return key
	case strings.Contains(key, `"`):
		return "'" + key + "'" // a key has no escapes
	}
	return `"` + key + `"`
}

func writeConfValue(b *bytes.Buffer, v *syntax.Value, path []string) {
	indent := strings.Repeat("  ", len(path))
	outer := strings.Repeat("  ", len(path)-1)
	switch v.Kind {
	case syntax.Map:
		if len(v.Map.Entries) == 0 {
			b.WriteString("{}")
			return
		}
		b.WriteString("{\n")
		writeConf(b, v.Map, path)
		b.WriteString(outer + "}")
	case syntax.Array:
		if len(v.Items) == 0 {
			b.WriteString("[]")
			return
		}
		b.WriteString("[\n")
		for _, item := range v.Items {
			b.WriteString(indent)
			writeConfValue(b, item, append(path, "[]"))
			b.WriteByte('\n')
		}
		b.WriteString(outer + "]")
	default:
		if s, ok := text(path, v); ok {
			b.WriteString(quote(s))
			return
		}
		b.WriteString(literal(v))
	}
}

// quote writes a string with the escapes that the language has.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// literal writes a value that is no string.
func literal(v *syntax.Value) string {
	switch v.Kind {
	case syntax.Bool:
		return strconv.FormatBool(v.Bool)
	case syntax.Int:
		return strconv.FormatInt(v.Int, 10)
	case syntax.Float:
		s := strconv.FormatFloat(v.Float, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	case syntax.Time:
		return v.Time.UTC().Format("2006-01-02T15:04:05Z")
	case syntax.String, syntax.Array, syntax.Map:
	}
	return quote(v.Str)
}

func writeJSON(b *bytes.Buffer, t *syntax.Table, path []string) error {
	b.WriteByte('{')
	for i, e := range t.Entries {
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(b, e.Key)
		b.WriteByte(':')
		if err := writeJSONValue(b, e.Value, below(path, e.Key)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeJSONValue(b *bytes.Buffer, v *syntax.Value, path []string) error {
	switch v.Kind {
	case syntax.Map:
		return writeJSON(b, v.Map, path)
	case syntax.Array:
		b.WriteByte('[')
		for i, item := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSONValue(b, item, append(path, "[]")); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case syntax.Time:
		writeString(b, literal(v))
	default:
		if s, ok := text(path, v); ok {
			writeString(b, s)
			return nil
		}
		b.WriteString(literal(v))
	}
	return nil
}

func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has a form, and a buffer takes it
	b.Truncate(b.Len() - 1)
}

func yamlMap(t *syntax.Table, path []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, e := range t.Entries {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: e.Key}, yamlValue(e.Value, below(path, e.Key)))
	}
	return n
}

func yamlValue(v *syntax.Value, path []string) *yaml.Node {
	switch v.Kind {
	case syntax.Map:
		return yamlMap(v.Map, path)
	case syntax.Array:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range v.Items {
			n.Content = append(n.Content, yamlValue(item, append(path, "[]")))
		}
		return n
	}
	if s, ok := text(path, v); ok {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	}
	tag := map[syntax.Kind]string{syntax.Bool: "!!bool", syntax.Int: "!!int", syntax.Float: "!!float", syntax.Time: "!!timestamp"}[v.Kind]
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: literal(v)}
}

func plainMap(t *syntax.Table, path []string) map[string]any {
	m := make(map[string]any, len(t.Entries))
	for _, e := range t.Entries {
		m[e.Key] = plainValue(e.Value, below(path, e.Key))
	}
	return m
}

func plainValue(v *syntax.Value, path []string) any {
	switch v.Kind {
	case syntax.Map:
		return plainMap(v.Map, path)
	case syntax.Array:
		items := make([]any, len(v.Items))
		for i, item := range v.Items {
			items[i] = plainValue(item, append(path, "[]"))
		}
		return items
	}
	if s, ok := text(path, v); ok {
		return s
	}
	switch v.Kind {
	case syntax.Bool:
		return v.Bool
	case syntax.Int:
		return v.Int
	case syntax.Float:
		return v.Float
	default:
		return v.Time.UTC().Truncate(time.Second)
	}
}
