package monitor

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzIndent(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `"a"`, `-1.5e3`, `{"a":{},"b":[],"c":[[]],"d":[{}]}`, `{"\"":"\\","x":"{[,:]}"}`, `[1,"\\\"",true,null]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var compact, want, got bytes.Buffer
		if json.Compact(&compact, in) != nil || json.Indent(&want, compact.Bytes(), "", "   ") != nil {
			return
		}
		writeIndented(&got, compact.Bytes(), "   ")
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want.Bytes())
		}
	})
}
