package syntax

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"slices"
	"strconv"
)

// digest hashes the JSON form of the tree: sorted keys, no white space, and the line feed that a
// JSON encoder ends with. The form is written as it is hashed, because a large tree of plain Go
// values for the encoder costs as much as parsing.
func digest(t *Table) string {
	w := digestWriter{h: sha256.New(), text: make([]byte, 0, digestPiece)}
	w.table(t)
	w.text = append(w.text, '\n')
	w.flush()
	if w.failed {
		return "" // out of reach: a tree holds nothing that JSON has no form for
	}
	return "sha256:" + hex.EncodeToString(w.h.Sum(nil))
}

// digestPiece is how much text is hashed at a time.
const digestPiece = 16 << 10

// digestWriter writes JSON as encoding/json does for plain Go values.
type digestWriter struct {
	h      hash.Hash
	text   []byte // not hashed yet
	sorted []*Entry
	failed bool
}

func (d *digestWriter) flush() {
	_, _ = d.h.Write(d.text) // a hash takes everything
	d.text = d.text[:0]
}

func (d *digestWriter) table(t *Table) {
	from := len(d.sorted) // what is before belongs to the tables around this one
	d.sorted = append(d.sorted, t.Entries...)
	sorted := d.sorted[from:]
	slices.SortFunc(sorted, func(a, b *Entry) int { return cmp.Compare(a.Key, b.Key) })
	d.text = append(d.text, '{')
	for i, e := range sorted {
		if i > 0 {
			d.text = append(d.text, ',')
		}
		d.string(e.Key)
		d.text = append(d.text, ':')
		d.value(e.Value)
	}
	d.text = append(d.text, '}')
	d.sorted = d.sorted[:from]
}

func (d *digestWriter) value(v *Value) {
	if len(d.text) >= digestPiece {
		d.flush()
	}
	switch v.Kind {
	case Int:
		d.text = strconv.AppendInt(d.text, v.Int, 10)
	case Bool:
		d.text = strconv.AppendBool(d.text, v.Bool)
	case Float:
		d.encoded(v.Float)
	case Time:
		d.encoded(v.Time)
	case Array:
		d.text = append(d.text, '[')
		for i, item := range v.Items {
			if i > 0 {
				d.text = append(d.text, ',')
			}
			d.value(item)
		}
		d.text = append(d.text, ']')
	case Map:
		d.table(v.Map)
	default:
		d.string(v.Str)
	}
}

func (d *digestWriter) string(s string) {
	begin := len(d.text)
	d.text = append(d.text, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '<':
			d.text = append(d.text, `\u003c`...)
		case '>': // in every other subject
			d.text = append(d.text, `\u003e`...)
		case '&':
			d.text = append(d.text, `\u0026`...)
		default:
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				d.text = d.text[:begin]
				d.encoded(s)
				return
			}
			d.text = append(d.text, c)
		}
	}
	d.text = append(d.text, '"')
}

// encoded leaves to the library what has rules of its own.
func (d *digestWriter) encoded(v any) {
	text, err := json.Marshal(v)
	d.failed = d.failed || err != nil
	d.text = append(d.text, text...)
}
