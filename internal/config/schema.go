package config

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteSchema writes a JSON Schema (draft 2020-12) of the configuration in its JSON form, from the
// registry. Names are those of the reference and their aliases; natsd reads them without letter case,
// and in places it reads more than a schema can say, so what fits the schema is the form to write and
// natsd -t has the last word.
func WriteSchema(w io.Writer) error {
	root, err := registry()
	if err != nil {
		return err
	}
	s := schemaOf(root, true)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Configuration of natsd"
	// A key that is unknown at the top may be there as a variable.
	s["additionalProperties"] = true
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

type schema = map[string]any

// schemaOf describes one place in the tree of keys.
func schemaOf(n *node, top bool) schema {
	s := schema{}
	if forms := schemaForms(n); len(forms) == 1 {
		s = forms[0]
	} else if len(forms) > 1 {
		s["anyOf"] = forms
	}
	if top {
		return s
	}
	k := n.key
	if k.Doc != "" {
		s["description"] = k.Doc
	}
	if d := schemaDefault(k); d != nil && !k.Secret {
		s["default"] = d
	}
	s["x-reload"] = strings.ReplaceAll(strings.ReplaceAll(k.Reload.String(), ",", ""), " ", "-")
	if k.Pending != "" {
		s["x-pending"] = k.Pending
	}
	if k.Secret {
		s["x-secret"] = true
		s["writeOnly"] = true
	}
	return s
}

func schemaDefault(k *Key) any {
	switch v := k.Default.(type) {
	case time.Duration:
		return shortDuration(v)
	default:
		return v
	}
}

// schemaForms lists the forms that the value of a key may take.
func schemaForms(n *node) []schema {
	t := n.key.Type
	var forms []schema
	add := func(on Type, s schema) {
		if t&on != 0 {
			forms = append(forms, s)
		}
	}
	text := schema{"type": "string"}
	if words := n.key.Words; len(words) > 0 {
		text["enum"] = words
	}
	add(Bool, schema{"type": "boolean"})
	add(Int|Size|SizeOrText, schema{"type": "integer"})
	add(Text|SizeOrText, text)
	add(durations, schema{"type": "string", "format": "duration-go", "description": "a duration such as 1m30s"})
	add(durations&^DurationText, schema{"type": "number", "description": "seconds"})
	add(Strings, text)
	add(Strings|List, schema{"type": "array", "items": text})
	if t&Block != 0 {
		forms = append(forms, schemaBlock(n))
		if short := n.names[n.key.Short]; short != nil && t == Block { // a plain value may stand in place of the block
			forms = append(forms, schemaForms(short)...)
		}
	}
	if t&Names != 0 {
		inside := schema{"type": "object"}
		if n.any != nil {
			inside["additionalProperties"] = schemaOf(n.any, false)
		}
		forms = append(forms, inside)
	}
	if t&Blocks != 0 {
		items := schema{"type": "object"}
		if n.item != nil {
			items = schemaBlock(n.item)
		}
		// Where a plain value may stand in for a block, an element may be one.
		forms = append(forms, schema{"type": "array", "items": schema{"anyOf": []schema{items, {"type": "string"}}}})
	}
	if t&Free != 0 {
		return nil // anything
	}
	return forms
}

func schemaBlock(n *node) schema {
	properties := schema{}
	for _, c := range n.children {
		if c.key.named() {
			s := schemaOf(c, false)
			properties[c.name] = s
			for _, alias := range c.key.Aliases {
				properties[alias] = s
			}
		}
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": n.any == nil && n.key.Lenient}
}
