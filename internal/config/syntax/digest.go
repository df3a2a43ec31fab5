package syntax

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
)

// digest hashes the JSON form of the tree: sorted keys, no white space, and the line feed that a
// JSON encoder ends with. The form is written as it is hashed, because a large tree of plain Go
// values for the encoder costs as much as parsing.
func digest(t *Table) string {
	h := sha256.New()
	w := digestWriter{w: bufio.NewWriter(h)}
	w.table(t)
	w.byte('\n')
	if w.w.Flush() != nil || w.failed {
		return "" // out of reach: a tree holds nothing that JSON has no form for
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// digestWriter writes JSON as encoding/json does for plain Go values.
type digestWriter struct {
	w      *bufio.Writer
	failed bool
	number []byte // scratch
}

func (d *digestWriter) byte(c byte) { _ = d.w.WriteByte(c) } // a hash takes everything

func (d *digestWriter) table(t *Table) {
	sorted := slices.SortedFunc(slices.Values(t.Entries), func(a, b *Entry) int { return cmp.Compare(a.Key, b.Key) })
	d.byte('{')
	for i, e := range sorted {
		if i > 0 {
			d.byte(',')
		}
		d.string(e.Key)
		d.byte(':')
		d.value(e.Value)
	}
	d.byte('}')
}

func (d *digestWriter) value(v *Value) {
	switch v.Kind {
	case Int:
		d.number = strconv.AppendInt(d.number[:0], v.Int, 10)
		_, _ = d.w.Write(d.number)
	case Bool:
		d.number = strconv.AppendBool(d.number[:0], v.Bool)
		_, _ = d.w.Write(d.number)
	case Float:
		d.encoded(v.Float)
	case Time:
		d.encoded(v.Time)
	case Array:
		d.byte('[')
		for i, item := range v.Items {
			if i > 0 {
				d.byte(',')
			}
			d.value(item)
		}
		d.byte(']')
	case Map:
		d.table(v.Map)
	default:
		d.string(v.Str)
	}
}

func (d *digestWriter) string(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			d.encoded(s)
			return
		}
	}
	d.byte('"')
	_, _ = d.w.WriteString(s)
	d.byte('"')
}

// encoded leaves to the library what has rules of its own.
func (d *digestWriter) encoded(v any) {
	text, err := json.Marshal(v)
	d.failed = d.failed || err != nil
	_, _ = d.w.Write(text)
}
