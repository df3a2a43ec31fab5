package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
)

// Notation is a way of writing a configuration.
type Notation string

// The notations.
const (
	Conf Notation = "conf"
	JSON Notation = "json"
	YAML Notation = "yaml"
	TOML Notation = "toml"
)

// Notations lists them.
func Notations() []string { return []string{string(Conf), string(JSON), string(YAML), string(TOML)} }

// ByName tells the notation of a file by its name; what it does not know is the NATS language, which
// JSON is a part of.
func ByName(file string) Notation {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".yaml", ".yml":
		return YAML
	case ".toml":
		return TOML
	}
	return Conf
}

// Document is a configuration without the text that it was written in.
type Document struct {
	root *syntax.Table
	// Environment lists the variables of the environment whose values stand in the document now.
	Environment []string
}

// Read reads a text. Includes are relative to the folder of name. With errors among the problems there
// is no document.
func Read(name string, text []byte, from Notation, env syntax.Env) (*Document, []syntax.Problem) {
	doc := &Document{}
	note := func(variable string) (string, bool) {
		value, ok := env(variable)
		if ok && !slices.Contains(doc.Environment, variable) {
			doc.Environment = append(doc.Environment, variable)
		}
		return value, ok
	}
	if from == YAML || from == TOML {
		var err error
		if text, err = asJSON(text, from); err != nil {
			return nil, []syntax.Problem{{Pos: syntax.Pos{File: name}, Message: err.Error()}}
		}
	}
	file, problems := syntax.Parse(name, text, note)
	if slices.ContainsFunc(problems, func(p syntax.Problem) bool { return !p.Warning }) {
		return nil, problems
	}
	doc.root = file.Root
	return doc, problems
}

// asJSON turns YAML or TOML into JSON, which the NATS language understands.
func asJSON(text []byte, from Notation) ([]byte, error) {
	if from == TOML {
		var v map[string]any
		if err := toml.Unmarshal(text, &v); err != nil {
			return nil, fmt.Errorf("this is no TOML: %w", err)
		}
		return json.Marshal(v)
	}
	var n yaml.Node
	if err := yaml.Unmarshal(text, &n); err != nil {
		return nil, fmt.Errorf("this is no YAML: %w", err)
	}
	var b bytes.Buffer
	if len(n.Content) == 0 {
		return []byte("{}"), nil
	}
	err := writeNode(&b, n.Content[0], 0)
	return b.Bytes(), err
}

// maxDepth bounds how deep YAML nests: aliases make it deep in few bytes.
const maxDepth = 100

// maxText bounds what YAML unfolds to.
const maxText = 16 << 20

// writeNode writes a YAML tree as JSON, in its order.
func writeNode(b *bytes.Buffer, n *yaml.Node, depth int) error {
	if depth > maxDepth || b.Len() > maxText {
		return fmt.Errorf("line %d: this nests too deep, or unfolds to too much", n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return writeNode(b, n.Alias, depth+1)
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || strings.Contains(key.Value, `"`) {
				return fmt.Errorf("line %d: this cannot be a key", key.Line)
			}
			b.WriteString(`"` + key.Value + `":`)
			if err := writeNode(b, n.Content[i+1], depth+1); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeNode(b, item, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	if v == nil {
		return fmt.Errorf("line %d: there is no null in a configuration", n.Line)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	b.Write(text)
	return nil
}

// Write writes the document in a notation.
func (d *Document) Write(to Notation) ([]byte, error) {
	switch to {
	case Conf:
		var b bytes.Buffer
		writeConf(&b, d.root, nil)
		return b.Bytes(), nil
	case JSON:
		var flat bytes.Buffer
		if err := writeJSON(&flat, d.root, nil); err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := json.Indent(&b, flat.Bytes(), "", "  "); err != nil {
			return nil, fmt.Errorf("write JSON: %w", err)
		}
		return append(b.Bytes(), '\n'), nil
	case YAML:
		var b bytes.Buffer
		e := yaml.NewEncoder(&b)
		e.SetIndent(2)
		if err := e.Encode(yamlMap(d.root, nil)); err != nil {
			return nil, fmt.Errorf("write YAML: %w", err)
		}
		return b.Bytes(), e.Close()
	case TOML:
		text, err := toml.Marshal(plainMap(d.root, nil))
		if err != nil {
			return nil, fmt.Errorf("write TOML: %w", err)
		}
		return text, nil
	}
	return nil, fmt.Errorf("there is no notation %q: choose one of %s", to, strings.Join(Notations(), " "))
}

// durations are the types for which a suffix says minutes where the number alone says millions.
const durations = config.DurationOrSeconds | config.SecondsOrDuration | config.WholeSeconds | config.PlainSeconds | config.DurationText

// text tells that a value is best written as the string that stands in the file: a duration without
// quotes, whose number alone means something else.
func text(path []string, v *syntax.Value) (string, bool) {
	switch v.Kind {
	case syntax.String:
		return v.Str, true
	case syntax.Int, syntax.Float:
		last := v.Raw
		if last == "" || last[len(last)-1] < 'A' {
			return "", false
		}
		if k, ok := config.KeyOf(path...); ok && k.Type&durations != 0 {
			return v.Raw, true
		}
	}
	return "", false
}

// below is the path of what is inside.
func below(path []string, key string) []string {
	return append(slices.Clip(path), strings.ToLower(key))
}
