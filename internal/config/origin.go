package config

import "natsd/internal/config/syntax"

// Pos is a place in a configuration file.
type Pos = syntax.Pos

// Layer is one of the four places a value can come from. A higher layer wins.
type Layer uint8

// The layers, lowest first.
const (
	FromDefault Layer = iota
	FromFile
	FromEnv
	FromFlag
)

// String returns the layer's name.
func (l Layer) String() string { return [...]string{"default", "file", "env", "flag"}[l] }

// Origin says where a value comes from.
type Origin struct {
	Layer Layer
	Pos   Pos    // of the value, for FromFile
	Name  string // of the flag or the environment variable
}

// String returns "default", "file:line:col", or the name of the flag or variable.
func (o Origin) String() string {
	switch o.Layer {
	case FromFile:
		return o.Pos.String()
	case FromEnv, FromFlag:
		return o.Name
	}
	return o.Layer.String()
}

// Value is the effective value of one key.
type Value struct {
	Value  any // bool, int64, float64, string, []string, time.Duration or nil; secrets are redacted
	Origin Origin
	// Shadowed lists the origins of lower layers that gave a value too, nearest first, the
	// default left out.
	Shadowed []Origin

	sum sum // of content that Value does not show
}
