package output_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"natsd/internal/ctl/output"
)

const answer = `{"items":[{"id":1,"name":"a","bytes":2048,"at":"2026-01-02T03:04:05.6Z","tags":["x","y"],"in":{"n":1234567}},
{"id":18446744073709551615,"name":"b,\"c\"","bytes":0,"on":true}],"total":2}`

var view = output.View{Items: "items", Name: "id", Columns: []output.Column{
	{Title: "ID", Path: "id", Kind: output.Number},
	{Title: "NAME", Path: "name", Keep: 4},
	{Title: "BYTES", Path: "bytes", Kind: output.Bytes},
	{Title: "N", Path: "in.n", Kind: output.Count},
	{Title: "AT", Path: "at", Kind: output.Time},
	{Title: "ON", Path: "on", Kind: output.Enabled},
	{Title: "TAGS", Path: "tags", Wide: true},
}}

func print(t *testing.T, form string, v output.View, body string, change func(*output.Printer)) string {
	t.Helper()
	f, err := output.ParseFormat(form)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := &output.Printer{Out: &out, Notes: &out, Format: f, Zone: time.FixedZone("", 3600)}
	if change != nil {
		change(p)
	}
	if err := p.Print([]byte(body), v); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"table": "                  ID  NAME   BYTES     N  AT                   ON\n" +
			"                   1  a       2.0K  1.2M  2026-01-02 04:04:05  no\n" +
			"18446744073709551615  b,\"c\"      0                             yes\n",
		"wide": "                  ID  NAME   BYTES        N  AT                   ON    TAGS\n" +
			"                   1  a       2048  1234567  2026-01-02 04:04:05        x,y\n" +
			"18446744073709551615  b,\"c\"      0                                true\n",
		"json":   answer + "\n",
		"name":   "1\n18446744073709551615\n",
		"csv":    "id,name,bytes,in.n,at,on,tags\n1,a,2048,1234567,2026-01-02T03:04:05.6Z,,\"x,y\"\n18446744073709551615,\"b,\"\"c\"\"\",0,,,true,\n",
		"ndjson": `{"at":"2026-01-02T03:04:05.6Z","bytes":2048,"id":1,"in":{"n":1234567},"name":"a","tags":["x","y"]}` + "\n" + `{"bytes":0,"id":18446744073709551615,"name":"b,\"c\"","on":true}` + "\n",
		"yaml":   "items:\n  - id: 1\n    name: a\n    bytes: 2048\n    at: \"2026-01-02T03:04:05.6Z\"\n    tags:\n      - x\n      - y\n    in:\n      n: 1234567\n  - id: 18446744073709551615\n    name: b,\"c\"\n    bytes: 0\n    on: true\ntotal: 2\n",
		"go-template={{range .items}}{{.id}} {{end}}": "1 18446744073709551615 ",
		"jsonpath={.items[*].name}":                   "a\nb,\"c\"\n",
		"jsonpath=total":                              "2\n",
		"jsonpath=$.items[0].tags":                    "[\"x\",\"y\"]\n",
	} {
		if got := print(t, form, view, answer, nil); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", form, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	fields := func(p *output.Printer) { p.Fields = []string{"name", "in.n", "on"} }
	for form, want := range map[string]string{
		"table":  "NAME      N  ON\na      1.2M  no\nb,\"c\"        yes\n",
		"csv":    "name,in.n,on\na,1234567,\n\"b,\"\"c\"\"\",,true\n",
		"ndjson": "{\"in.n\":1234567,\"name\":\"a\"}\n{\"name\":\"b,\\\"c\\\"\",\"on\":true}\n",
	} {
		if got := print(t, form, view, answer, fields); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", form, got, want)
		}
	}
}

func TestOneThing(t *testing.T) {
	t.Parallel()
	v := output.View{Columns: []output.Column{{Title: "Name", Path: "n"}, {Title: "None", Path: "x"}, {Title: "Up", Path: "ns", Kind: output.Nanos}}}
	if got := print(t, "", v, `{"n":"a","ns":120000000000}`, nil); got != "Name:  a\nUp:    2m\n" {
		t.Error(got)
	}
	if got := print(t, "", output.View{}, `{"b":[1],"a":null}`, nil); got != "b:\n  - 1\na: null\n" {
		t.Error(got)
	}
}

func TestEmptyList(t *testing.T) {
	t.Parallel()
	v := output.View{Items: "items", Empty: "nothing here"}
	v.Columns = view.Columns
	if got := print(t, "", v, `{"items":[]}`, nil); got != "nothing here\n" {
		t.Errorf("%q", got)
	}
	if got := print(t, "csv", v, `{"items":null}`, nil); !strings.HasPrefix(got, "id,") || strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}

func TestHumane(t *testing.T) {
	t.Parallel()
	for n, want := range map[float64]string{0: "0", 999: "999", 1000: "1.0K", 1234567: "1.2M", 2e9: "2.0B", 3e12: "3.0T", 4e15: "4000.0T"} {
		if got := output.Humane(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[float64]string{0: "0", 1023: "1023", 1024: "1.0K", 1 << 20: "1.0M", 1<<20 - 1: "1.0M", 5 << 40: "5.0T"} {
		if got := output.HumaneBytes(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
}

// A table never gets wider than the terminal as long as its columns can give way.
func TestTablesFit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(20, 120).Draw(t, "width")
		name := rapid.StringMatching(`[a-zäöü語]{0,60}`).Draw(t, "name")
		v := output.View{Items: ".", Columns: []output.Column{
			{Title: "ID", Path: "id", Kind: output.Number},
			{Title: "NAME", Path: "name", Keep: 8},
			{Title: "WIDE", Path: "name", Drop: 60},
			{Title: "OTHER", Path: "name", Drop: 10, Keep: 10},
		}}
		var out bytes.Buffer
		p := &output.Printer{Out: &out, Notes: &out, Width: width}
		if err := p.Print([]byte(`[{"id":1,"name":"`+name+`"}]`), v); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if w := ansi.StringWidth(strings.TrimRight(line, "\n")); w > width {
				t.Fatalf("%d cells in a line for %d: %q", w, width, line)
			}
		}
	})
}
