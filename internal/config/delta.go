package config

import (
	"fmt"
	"strings"
)

// Delta is an [Archive] as what it has that a later one has not: of large files that change a little it is
// next to nothing. Like an archive it holds secrets, and shows nothing but its size.
type Delta struct {
	src   Source
	sides []side
	texts map[string]edit
}

// edit makes a text of another one: its beginning, something in between, its end.
type edit struct {
	head, tail int // bytes
	between    string
}

// Delta returns a as seen from a later archive.
func (a *Archive) Delta(later *Archive) *Delta {
	d := &Delta{src: a.src, sides: a.sides, texts: make(map[string]edit, len(a.texts))}
	for path, text := range a.texts {
		d.texts[path] = newEdit(text, later.texts[path])
	}
	return d
}

func newEdit(text, later string) edit {
	n := min(len(text), len(later))
	head := 0
	for head < n && text[head] == later[head] {
		head++
	}
	tail := 0
	for tail < n-head && text[len(text)-1-tail] == later[len(later)-1-tail] {
		tail++
	}
	return edit{head, tail, strings.Clone(text[head : len(text)-tail])}
}

// Archive makes the archive again. Later must be what the delta was made with.
func (d *Delta) Archive(later *Archive) *Archive {
	a := &Archive{src: d.src, sides: d.sides, texts: make(map[string]string, len(d.texts))}
	for path, e := range d.texts {
		text := later.texts[path]
		a.texts[path] = text[:e.head] + e.between + text[len(text)-e.tail:]
	}
	return a
}

// Size is the number of bytes of what is kept.
func (d *Delta) Size() (n int) {
	for _, e := range d.texts {
		n += len(e.between)
	}
	return n
}

// Format implements [fmt.Formatter].
func (d Delta) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "delta of %d bytes", d.Size())
}
