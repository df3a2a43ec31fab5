package output

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// title makes the heading of a column from a key.
func title(key string) string { return strings.ToUpper(key) }

// Lines lays out rows of cells below the titles of their columns, the first line. None is wider than
// width, 0 being no limit: columns give way as their Keep and Drop say.
func Lines(columns []Column, rows [][]string, width int) []string {
	l := fit(columns, measure(columns, rows, false), width)
	lines := make([]string, 0, len(rows)+1)
	lines = append(lines, l.line(func(i int) string { return columns[i].Title }))
	for _, row := range rows {
		lines = append(lines, l.line(func(i int) string { return row[i] }))
	}
	return lines
}

// table writes rows of cells below their titles. It fits into width when that is not 0: texts are cut,
// then columns are left out.
func (p *Printer) table(columns []Column, rows [][]string, width int) error {
	l := fit(columns, measure(columns, rows, p.NoHeaders), width)
	var b strings.Builder
	if !p.NoHeaders {
		line := l.line(func(i int) string { return columns[i].Title })
		b.WriteString(p.bold(line) + "\n")
	}
	for _, row := range rows {
		b.WriteString(l.line(func(i int) string { return row[i] }) + "\n")
	}
	_, err := io.WriteString(p.Out, b.String())
	return err
}

// line lays out one line.
func (l *layout) line(cell func(int) string) string {
	var parts []string
	for i, c := range l.columns {
		if !l.keep[i] {
			continue
		}
		text := cell(i)
		if ansi.StringWidth(text) > l.widths[i] {
			text = ansi.Truncate(text, l.widths[i], "…")
		}
		pad := strings.Repeat(" ", max(0, l.widths[i]-ansi.StringWidth(text)))
		if c.Kind.right() {
			text = pad + text
		} else {
			text += pad
		}
		parts = append(parts, text)
	}
	return strings.TrimRight(strings.Join(parts, l.gap), " ")
}

func measure(columns []Column, rows [][]string, noHeaders bool) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		if !noHeaders {
			widths[i] = ansi.StringWidth(c.Title)
		}
		for _, row := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(row[i]))
		}
	}
	return widths
}

// extra is the Drop from which on a column goes before any text is cut.
const extra = 50

// layout is which columns stay, how wide each one is, and what is between them.
type layout struct {
	columns []Column
	widths  []int
	keep    []bool
	gap     string
}

// fit makes lines of at most limit cells, 0 being no limit: it leaves out columns that are nice to have,
// then cuts texts, then leaves out more.
func fit(columns []Column, widths []int, limit int) layout {
	l := layout{columns: columns, widths: widths, keep: slices.Repeat([]bool{true}, len(columns)), gap: "  "}
	if limit <= 0 || l.total() <= limit {
		return l
	}
	l.gap = " "
	for l.total() > limit {
		if !l.drop(extra) {
			break
		}
	}
	full := slices.Clone(l.widths)
	for {
		copy(l.widths, full)
		for l.total() > limit {
			if !l.shrink() {
				break
			}
		}
		if l.total() <= limit || !l.drop(1) {
			return l
		}
	}
}

func (l *layout) total() int {
	n := -len(l.gap)
	for i, w := range l.widths {
		if l.keep[i] {
			n += w + len(l.gap)
		}
	}
	return n
}

// shrink cuts the widest text by one cell.
func (l *layout) shrink() bool {
	widest := -1
	for i, c := range l.columns {
		if l.keep[i] && c.Keep > 0 && l.widths[i] > max(c.Keep, len(c.Title)) && (widest < 0 || l.widths[i] > l.widths[widest]) {
			widest = i
		}
	}
	if widest >= 0 {
		l.widths[widest]--
	}
	return widest >= 0
}

// drop leaves out the column that matters least, if it matters as little as that.
func (l *layout) drop(least int) bool {
	drop := -1
	for i, c := range l.columns {
		if l.keep[i] && c.Drop >= least && (drop < 0 || c.Drop > l.columns[drop].Drop) {
			drop = i
		}
	}
	if drop >= 0 {
		l.keep[drop] = false
	}
	return drop >= 0
}

// lines writes one thing, a line for each column that has a value.
func (p *Printer) lines(columns []Column, wrap bool, cell func(int) string) error {
	width := 0
	for _, c := range columns {
		width = max(width, ansi.StringWidth(c.Title))
	}
	var b strings.Builder
	for i, c := range columns {
		text := cell(i)
		if text == "" {
			continue
		}
		pad := strings.Repeat(" ", width-ansi.StringWidth(c.Title))
		if room := p.Width - width - 3; wrap && p.Width > 0 && room > 20 {
			text = strings.ReplaceAll(ansi.Wordwrap(text, room, ""), "\n", "\n"+strings.Repeat(" ", width+3))
		}
		line := p.bold(c.Title+":") + pad + "  " + text
		if p.Width > 0 && !wrap {
			line = ansi.Truncate(line, p.Width, "…")
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(p.Out, b.String())
	return err
}

// bold marks a text where the terminal can show it.
func (p *Printer) bold(text string) string {
	if !p.Color {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// Clean replaces what would steer a terminal: names come from whoever connects.
func Clean(text string) string {
	if !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '�'
		}
		return r
	}, text)
}

// note writes a line to people.
func note(w io.Writer, format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
