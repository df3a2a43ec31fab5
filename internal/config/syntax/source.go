package syntax

import (
	"slices"
	"strings"
)

// source is the text of one file, with what is needed to name a place in it. Strings of the tree are
// parts of the text.
type source struct {
	name  string
	text  string
	lines []int // offset of each line's first byte
	last  int   // line index of the last lookup: positions are mostly asked for in rising order
}

// byteOrderMark may stand at the beginning of a file; it is not part of the text.
const byteOrderMark = "\ufeff"

func newSource(name, text string) *source {
	text = strings.TrimPrefix(text, byteOrderMark)
	s := &source{name: name, text: text, lines: make([]int, 1, 16+len(text)/32)}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// pos returns the place of a byte offset.
func (s *source) pos(offset int) Pos {
	if offset < s.lines[s.last] {
		i, found := slices.BinarySearch(s.lines, offset)
		if !found {
			i--
		}
		s.last = i
	}
	for s.last+1 < len(s.lines) && s.lines[s.last+1] <= offset {
		s.last++
	}
	return Pos{File: s.name, Line: s.last + 1, Col: offset - s.lines[s.last] + 1}
}

// line returns the text of a line that counts from 1, without its end.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	end := len(s.text)
	if n < len(s.lines) {
		end = s.lines[n] - 1
	}
	return strings.TrimSuffix(s.text[s.lines[n-1]:end], "\r")
}
