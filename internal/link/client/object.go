package client

import (
	"encoding/json"
	"strconv"
)

// object builds a flat JSON object, as package json would write it. Every connection gets two of them;
// package json takes four times as long.
type object []byte

func (o *object) key(name string) {
	if len(*o) == 0 {
		*o = append(*o, '{')
	} else {
		*o = append(*o, ',')
	}
	*o = append(*o, '"')
	*o = append(*o, name...)
	*o = append(*o, '"', ':')
}

func (o *object) text(name, v string) {
	o.key(name)
	*o = appendText(*o, v)
}

func (o *object) number(name string, v int) {
	o.key(name)
	*o = strconv.AppendInt(*o, int64(v), 10)
}

func (o *object) flag(name string, v bool) {
	o.key(name)
	*o = strconv.AppendBool(*o, v)
}

// The same for values that are left out if they are zero.

func (o *object) textIf(name, v string) {
	if v != "" {
		o.text(name, v)
	}
}

func (o *object) numberIf(name string, v uint64) {
	if v != 0 {
		o.key(name)
		*o = strconv.AppendUint(*o, v, 10)
	}
}

func (o *object) flagIf(name string, v bool) {
	if v {
		o.flag(name, v)
	}
}

func (o *object) textsIf(name string, v []string) {
	if len(v) == 0 {
		return
	}
	o.key(name)
	for i, text := range v {
		*o = appendText(append(*o, "[,"[min(i, 1)]), text)
	}
	*o = append(*o, ']')
}

// end returns the whole object.
func (o *object) end() []byte { return append(*o, '}') }

func appendText(dst []byte, v string) []byte {
	if !plain(v) {
		quoted, err := json.Marshal(v)
		if err != nil {
			return append(dst, `""`...) // unreachable: every string can be written
		}
		return append(dst, quoted...)
	}
	dst = append(dst, '"')
	dst = append(dst, v...)
	return append(dst, '"')
}

// plain reports whether v means itself between quotes, in JSON to be read and in JSON as package json
// writes it.
func plain(v string) bool {
	for i := range len(v) {
		switch c := v[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}
