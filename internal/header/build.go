package header

import (
	"bytes"
	"strconv"
)

// AppendStart begins a block. Fields and [AppendEnd] follow.
func AppendStart(dst []byte) []byte {
	dst = append(dst, version...)
	return append(dst, newline...)
}

// AppendStatus begins a block with a status, as [AppendStart] does without one.
// The description may be empty.
func AppendStatus(dst []byte, code int, description string) []byte {
	dst = append(dst, version...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(code), 10)
	if description != "" {
		dst = append(dst, ' ')
		dst = appendLine(dst, description)
	}
	return append(dst, newline...)
}

// AppendField adds a field. A line break in the value, which would begin another
// field, becomes a blank. The name must have neither line break nor colon.
func AppendField[V ~string | ~[]byte](dst []byte, name string, value V) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = appendLine(dst, value)
	return append(dst, newline...)
}

// AppendEnd ends a block.
func AppendEnd(dst []byte) []byte { return append(dst, newline...) }

// AppendWith appends a copy of block with one more field at its end. What is not
// a block is replaced by one that has only this field.
func AppendWith[V ~string | ~[]byte](dst, block []byte, name string, value V) []byte {
	end := bytes.Index(block, []byte(newline+newline))
	if end < 0 || !IsBlock(block) {
		dst = AppendStart(dst)
	} else {
		dst = append(dst, block[:end+len(newline)]...)
	}
	return AppendEnd(AppendField(dst, name, value))
}

func appendLine[V ~string | ~[]byte](dst []byte, text V) []byte {
	for i := range len(text) {
		c := text[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}
