package header

import (
	"bytes"
	"iter"
	"strconv"
)

const (
	version = "NATS/1.0"
	newline = "\r\n"
)

// Get returns the value of the first field called name, without the blanks
// around it. It is nil when there is none, and empty but not nil when the field
// has no value.
func Get(block []byte, name string) []byte {
	for n, value := range Fields(block) {
		if string(n) == name {
			return value
		}
	}
	return nil
}

// Values goes over the values of all fields called name, in their order.
func Values(block []byte, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for n, value := range Fields(block) {
			if string(n) == name && !yield(value) {
				return
			}
		}
	}
}

// Fields goes over the names and values of all fields, in their order. Lines
// without a colon are left out, and so is all that comes after the first empty
// line or after the last full one.
func Fields(block []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		_, rest, ok := first(block)
		for ok {
			var line []byte
			line, rest, ok = bytes.Cut(rest, []byte(newline))
			if !ok || len(line) == 0 {
				return
			}
			name, value, isField := bytes.Cut(line, []byte(":"))
			if isField && !yield(name, trim(value)) {
				return
			}
		}
	}
}

// Status returns the status of the first line: three digits, and the text after
// them, which may be empty. The code is 0 when there is no status.
func Status(block []byte) (code int, description []byte) {
	line, _, ok := first(block)
	line = trim(line)
	if !ok || len(line) < 3 || len(line) > 3 && line[3] != ' ' {
		return 0, nil
	}
	code, err := strconv.Atoi(string(line[:3]))
	if err != nil || code < 100 {
		return 0, nil
	}
	return code, trim(line[3:])
}

// IsBlock reports whether block starts as a header block does. Only then can
// anything be found in it.
func IsBlock(block []byte) bool {
	_, _, ok := first(block)
	return ok
}

// first takes the first line off a block. It returns what follows the version on
// it, either nothing or a blank and more.
func first(block []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(block, []byte(newline))
	if !ok || !bytes.HasPrefix(line, []byte(version)) {
		return nil, nil, false
	}
	line = line[len(version):]
	return line, rest, len(line) == 0 || line[0] == ' '
}

// trim takes blanks off both ends. Unlike bytes.Trim it never returns nil for
// what is there but empty.
func trim(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
