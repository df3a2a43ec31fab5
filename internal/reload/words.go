package reload

import "fmt"

// word is a number with a name, in files and in the admin API.
type word interface {
	~uint8
	fmt.Stringer
}

// read finds the word among the first n of its kind.
func read[W word](w *W, text []byte, n W) error {
	for i := range n {
		if i.String() == string(text) {
			*w = i
			return nil
		}
	}
	return fmt.Errorf("unknown word %q", text)
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *Mode) UnmarshalText(text []byte) error { return read(m, text, Partial+1) }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *RollbackOn) UnmarshalText(text []byte) error { return read(r, text, RollbackNever+1) }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (v *Verdict) UnmarshalText(text []byte) error { return read(v, text, Rejected+1) }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (o *Op) UnmarshalText(text []byte) error { return read(o, text, Remove+1) }
