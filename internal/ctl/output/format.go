package output

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/theory/jsonpath"
)

// Format is the form of an answer.
type Format struct {
	kind     string
	template *template.Template
	path     *jsonpath.Path
}

// The forms that need no argument, and those that do.
const (
	Table  = "table"
	Wide   = "wide"
	JSON   = "json"
	YAML   = "yaml"
	CSV    = "csv"
	NDJSON = "ndjson"
	Name   = "name"

	goTemplate = "go-template"
	jsonPath   = "jsonpath"
)

// Formats lists what ParseFormat reads.
func Formats() []string {
	return []string{Table, Wide, JSON, YAML, CSV, NDJSON, Name, goTemplate + "=", jsonPath + "="}
}

// ParseFormat reads the value of -o.
func ParseFormat(text string) (Format, error) {
	kind, arg, hasArg := strings.Cut(text, "=")
	switch kind {
	case "":
		return Format{kind: Table}, nil
	case Table, Wide, JSON, YAML, CSV, NDJSON, Name:
		if hasArg {
			return Format{}, fmt.Errorf("output %s takes no value", kind)
		}
		return Format{kind: kind}, nil
	case goTemplate:
		t, err := template.New("output").Option("missingkey=zero").Parse(arg)
		if err != nil {
			return Format{}, fmt.Errorf("output: %w", err)
		}
		return Format{kind: kind, template: t}, nil
	case jsonPath:
		p, err := jsonpath.Parse(rooted(arg))
		if err != nil {
			return Format{}, fmt.Errorf("output: %w", err)
		}
		return Format{kind: kind, path: p}, nil
	}
	return Format{}, fmt.Errorf("unknown output %q: choose one of %s", kind, strings.Join(Formats(), " "))
}

// rooted lets a path be written as in kubectl: "{.items[*].cid}", ".items" and "$.items" are the same.
func rooted(path string) string {
	if inner, ok := strings.CutPrefix(path, "{"); ok {
		path = strings.TrimSuffix(inner, "}")
	}
	if !strings.HasPrefix(path, "$") {
		if path != "" && path[0] != '.' && path[0] != '[' {
			path = "." + path
		}
		path = "$" + path
	}
	return path
}

// Machine tells that the form is for programs.
func (f Format) Machine() bool { return f.kind != Table && f.kind != Wide && f.kind != "" }

// Lines tells that an answer without end can be shown in this form as it comes.
func (f Format) Lines() bool { return f.kind == JSON || f.kind == NDJSON }

// String returns the name of the form.
func (f Format) String() string { return f.kind }
