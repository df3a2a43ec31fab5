package monitor

import (
	"bufio"
	"io"
)

// writeIndented writes compact, valid JSON with line breaks and indentation, as json.Indent does but
// in a fraction of its time and without a second copy of a listing that may have megabytes.
func writeIndented(to io.Writer, compact []byte, indent string) {
	w := bufio.NewWriterSize(to, 32<<10)
	defer func() { _ = w.Flush() }() // a client that went away has no use for an error
	depth := 0
	newline := func() {
		_ = w.WriteByte('\n')
		for range depth {
			_, _ = w.WriteString(indent)
		}
	}
	for i := 0; i < len(compact); i++ {
		switch b := compact[i]; b {
		case '"':
			end := stringEnd(compact, i)
			_, _ = w.Write(compact[i:end])
			i = end - 1
		case '{', '[':
			_ = w.WriteByte(b)
			if next := compact[i+1]; next == '}' || next == ']' {
				_ = w.WriteByte(next)
				i++
				continue
			}
			depth++
			newline()
		case '}', ']':
			depth--
			newline()
			_ = w.WriteByte(b)
		case ',':
			_ = w.WriteByte(b)
			newline()
		case ':':
			_, _ = w.WriteString(": ")
		default:
			_ = w.WriteByte(b)
		}
	}
}

// stringEnd is the index behind the string that starts at i.
func stringEnd(json []byte, i int) int {
	for i++; json[i] != '"'; i++ {
		if json[i] == '\\' {
			i++
		}
	}
	return i + 1
}
