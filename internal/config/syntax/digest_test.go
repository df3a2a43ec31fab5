package syntax

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
)

// TestDigest has digests that nats-server gives.
func TestDigest(t *testing.T) {
	t.Parallel()
	const port = "sha256:797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e"
	const mixed = "sha256:bf39210a42b8d08ea7131263ea24fa4a6af14610ff0d10beaaa21060dedeef99"
	for text, want := range map[string]string{
		"port: 4222":            port,
		"# c\nport 4222 // c\n": port,
		`{"port": 4222}`:        port,
		"P = 4222\nport = $P":   "sha256:7c0ccec1e58a14e6624669b19d41d86052066426addea874d57cacdd0ce6cdae",
		"b = \"<&>\u2028\"\na = [1.0, 2016-05-04T18:53:41Z, yes, 1k\n]\nm {}\ne = []": mixed,
	} {
		f, problems := Parse("test.conf", []byte(text), nil)
		if len(problems) > 0 {
			t.Errorf("%q: %v", text, problems)
		}
		if f.Digest != want {
			t.Errorf("%q: got %s, want %s", text, f.Digest, want)
		}
	}
}

// plain returns the table in plain Go types.
func (t *Table) plain() map[string]any {
	m := make(map[string]any, len(t.Entries))
	for _, e := range t.Entries {
		m[e.Key] = e.Value.plain()
	}
	return m
}

func (v *Value) plain() any {
	switch v.Kind {
	case Bool:
		return v.Bool
	case Int:
		return v.Int
	case Float:
		return v.Float
	case Time:
		return *v.Time
	case Array:
		items := make([]any, len(v.Items))
		for i, item := range v.Items {
			items[i] = item.plain()
		}
		return items
	case Map:
		return v.Map.plain()
	}
	return v.Str
}

// slowDigest is digest by way of the library's encoder.
func slowDigest(t *Table) string {
	var b bytes.Buffer
	if json.NewEncoder(&b).Encode(t.plain()) != nil {
		return ""
	}
	sum := sha256.Sum256(b.Bytes())
	return "sha256:" + hex.EncodeToString(sum[:])
}
