package syntax

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Format lays out the text of one configuration file: one pair a line, two spaces for each level, a
// colon behind keys of plain values and of arrays, none before braces; what stands on one line stays
// there if it is short. Comments, the notation of values, includes and variables stay as they are, and
// so does the meaning: Format compares the digests and fails rather than change it. JSON stays JSON.
//
// Neither includes nor variables are looked up. Problems are those of Parse; with errors among them
// there is no text.
func Format(name string, src []byte) ([]byte, []Problem) {
	if text := bytes.TrimSpace(src); len(text) > 0 && text[0] == '{' && json.Valid(text) {
		var b bytes.Buffer
		if err := json.Indent(&b, text, "", "  "); err != nil {
			return nil, []Problem{{Pos: Pos{File: name}, Message: err.Error()}}
		}
		return append(b.Bytes(), '\n'), nil
	}
	before, marks, problems := outline(name, string(src))
	if before == nil {
		return nil, problems
	}
	f := formatter{src: string(src), marks: marks}
	text := f.layout()
	after, _, _ := outline(name, text)
	if after == nil || after.Digest != before.Digest {
		return nil, append(problems, Problem{Pos: Pos{File: name}, Message: "this file cannot be laid out without changing its meaning"})
	}
	return []byte(text), problems
}

// outline parses a text by itself. File is nil when there were errors.
func outline(name, text string) (*File, []mark, []Problem) {
	if len(text) > maxFileSize {
		return nil, nil, []Problem{{Pos: Pos{File: name}, Message: errTooLarge.Error()}}
	}
	l := newLoader(func(string) (string, bool) { return "x", true })
	l.files = nowhere{}
	l.enter(name, name)
	var marks []mark
	p := &parser{source: newSource(name, text), loader: l, report: l.problems.add, marks: &marks}
	l.file.sources[name] = p.source
	root := p.file()
	if l.problems.errors > 0 {
		return nil, nil, l.problems.sorted()
	}
	l.file.Root, l.file.Digest = root, digest(root)
	return l.file, marks, l.problems.sorted()
}

// nowhere is a disk on which every file is empty.
type nowhere struct{}

func (nowhere) Read(string) (string, error)   { return "", nil }
func (nowhere) List(string) ([]string, error) { return nil, nil }
func (nowhere) Exists(string) bool            { return true }

// maxInline is how long a line may get by keeping a map or an array on it.
const maxInline = 100

type formatter struct {
	src   string
	marks []mark
	out   strings.Builder
	col   int  // length of the line so far
	fresh bool // nothing stands on the line yet
	depth int
}

func (f *formatter) layout() string {
	f.fresh = true
	end := f.entries(0)
	f.between(end, len(f.src), false)
	if !f.fresh {
		f.newline()
	}
	return f.out.String()
}

// entries writes what is in a map or at the top level, from a mark on. It returns the mark that closes
// it, or the number of marks.
func (f *formatter) entries(i int) int {
	first := true
	for i < len(f.marks) && f.marks[i].kind != closes {
		f.between(i, f.marks[i].start, !first)
		first = false
		i = f.entry(i)
	}
	return i
}

// entry writes one pair, an include, or braces around the whole file.
func (f *formatter) entry(i int) int {
	m := f.marks[i]
	f.write(f.src[m.start:m.end])
	if m.kind == includes {
		return i + 1
	}
	if m.kind == opens {
		return f.body(i)
	}
	value := f.marks[i+1]
	switch {
	case value.kind == values && value.start == value.end:
		f.write(`: ""`)
		return i + 2
	case value.kind == opens && f.src[value.start] == '{':
		f.write(" {")
		return f.body(i + 1)
	case value.kind == opens:
		f.write(": [")
		return f.body(i + 1)
	}
	f.write(": " + f.src[value.start:value.end])
	return i + 2
}

// body writes a map or an array behind its opening, on this line or on lines of their own.
func (f *formatter) body(open int) int {
	end := closing(f.marks, open)
	if text, ok := f.inline(open, end); ok && f.col+len(text) <= maxInline {
		f.write(text)
		return end + 1
	}
	f.depth++
	if f.src[f.marks[open].start] == '{' {
		f.entries(open + 1)
	} else {
		f.items(open + 1)
	}
	f.between(end, f.marks[end].start, false)
	f.depth--
	if !f.fresh {
		f.newline()
	}
	f.write(f.src[f.marks[end].start:f.marks[end].end])
	return end + 1
}

// items writes the values of an array, each on a line of its own.
func (f *formatter) items(i int) {
	first := true
	for f.marks[i].kind != closes {
		m := f.marks[i]
		f.between(i, m.start, !first)
		first = false
		f.write(f.src[m.start:m.end])
		if m.kind == opens {
			i = f.body(i)
		} else {
			i++
		}
	}
}

// inline gives the rest of a map or an array on one line, if that is how it stands and nothing in it
// needs lines of its own.
func (f *formatter) inline(open, end int) (string, bool) {
	whole := f.src[f.marks[open].start:f.marks[end].end]
	if strings.ContainsAny(whole, "\r\n") {
		return "", false
	}
	var b strings.Builder
	for i := open + 1; i < end; i++ {
		m, before := f.marks[i], f.marks[i-1]
		text := f.src[m.start:m.end]
		inMap := f.src[f.marks[open].start] == '{'
		switch {
		case m.kind == includes:
			return "", false
		case before.kind == names && m.kind == opens && text == "{":
			text = " {"
		case before.kind == names:
			text = ": " + text
		case before.kind == opens && i-1 == open && inMap, before.kind == opens && f.src[before.start] == '{' && m.kind != closes:
			text = " " + text
		case before.kind == opens:
		case m.kind == closes && (text == "}" || f.loose(before)):
			text = " " + text
		case m.kind == closes:
		default:
			text = ", " + text
		}
		if m.kind == values && m.start == m.end {
			text += `""`
		}
		b.WriteString(text)
	}
	last := f.marks[end-1]
	if end-1 > open && (f.src[f.marks[end].start] == '}' || f.loose(last)) {
		b.WriteByte(' ')
	}
	b.WriteString(f.src[f.marks[end].start:f.marks[end].end])
	return b.String(), true
}

// loose tells that a value needs a space before the bracket that follows: "[1k ]" holds a number, and
// "[1k]" a string.
func (f *formatter) loose(m mark) bool {
	return m.kind == values && m.end < len(f.src) && space(f.src[m.end]) && m.start < m.end && (digit(f.src[m.start]) || f.src[m.start] == '-')
}

// between writes what is between the piece before mark i and offset end: ends lines, and keeps comments
// and single empty lines. apart tells that an empty line may come first.
func (f *formatter) between(i, end int, apart bool) {
	start := 0
	if i > 0 {
		start = f.marks[i-1].end
	}
	gap, breaks := f.src[start:end], 0
	comment := func(text string) {
		switch {
		case breaks == 0 && !f.fresh:
			f.write("  " + text) // behind what it is about
		default:
			f.lines(breaks, apart)
			f.write(text)
		}
		apart, breaks = true, 0
	}
	for len(gap) > 0 {
		switch c := gap[0]; {
		case c == '\n':
			breaks++
		case c == '#' || strings.HasPrefix(gap, "//"):
			text, rest, _ := strings.Cut(gap, "\n")
			comment(strings.TrimRight(text, " \t\r"))
			gap = "\n" + rest
			continue
		}
		gap = gap[1:]
	}
	if end == len(f.src) || i < len(f.marks) && f.marks[i].kind == closes {
		return
	}
	f.lines(breaks, apart)
}

// lines ends the line, and leaves an empty one where there was one.
func (f *formatter) lines(breaks int, apart bool) {
	if !f.fresh {
		f.newline()
	}
	if breaks > 1 && apart {
		f.newline()
	}
}

func (f *formatter) newline() {
	f.out.WriteByte('\n')
	f.col, f.fresh = 0, true
}

// write adds to the line, which begins with its indentation.
func (f *formatter) write(text string) {
	if f.fresh {
		f.out.WriteString(strings.Repeat("  ", f.depth))
		f.col, f.fresh = 2*f.depth, false
	}
	f.out.WriteString(text)
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		f.col = len(text) - i - 1
	} else {
		f.col += len(text)
	}
}
