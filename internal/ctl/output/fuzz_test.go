package output_test

import (
	"bytes"
	"testing"

	"natsd/internal/ctl/output"
)

// Whatever a server answers and a user asks for, the printer says what it can and no more.
func FuzzPrint(f *testing.F) {
	for _, form := range []string{"table", "wide", "json", "yaml", "csv", "ndjson", "name", "jsonpath=.items[*].id", "go-template={{.total}}"} {
		f.Add(form, []byte(answer), 80)
	}
	f.Add("jsonpath=$..[?@.a>1]", []byte(`{"items":[1,null,"x",{"id":[]}]}`), 1)
	f.Fuzz(func(_ *testing.T, form string, body []byte, width int) {
		format, err := output.ParseFormat(form)
		if err != nil {
			return
		}
		var out bytes.Buffer
		p := &output.Printer{Out: &out, Notes: &out, Format: format, Width: width % 200}
		_ = p.Print(body, view)
		_ = p.Print(body, output.View{})
	})
}
