package peer

import (
	"fmt"
	"time"

	"natsd/internal/config"
)

// The modes of compression, as INFO names them.
const (
	NotSupported   = "not supported"
	Off            = "off"
	Accept         = "accept" // what the other side wants
	S2Auto         = "s2_auto"
	S2Uncompressed = "s2_uncompressed"
	S2Fast         = "s2_fast"
	S2Better       = "s2_better"
	S2Best         = "s2_best"
)

// Mode returns the mode of a configuration as INFO names it.
func Mode(c *config.Compression) string {
	if c.Mode == "not_supported" {
		return NotSupported
	}
	return c.Mode
}

// Negotiates tells whether a side with that mode asks the other one for its own.
func Negotiates(mode string) bool { return mode != Off && mode != NotSupported && mode != "" }

// Compresses tells whether a mode that was agreed on needs a transport that compresses.
func Compresses(mode string) bool { return Negotiates(mode) && mode != Accept }

// Agree returns the mode of this side of a connection when the other side has told its own. The two
// directions may differ.
func Agree(own, remote string) (string, error) {
	switch remote {
	case "", NotSupported:
		remote = NotSupported
	case Off, Accept, S2Auto, S2Uncompressed, S2Fast, S2Better, S2Best:
	default:
		return "", fmt.Errorf("unsupported route compression mode %q", remote)
	}
	switch {
	case !Negotiates(own) && remote != NotSupported:
		return own, nil
	case !Negotiates(remote):
		return remote, nil
	case own != Accept:
		return own, nil
	case remote == Accept:
		return Off, nil
	case remote == S2Auto:
		return S2Fast, nil
	default:
		return remote, nil
	}
}

// Level returns what a side with that mode does at a round-trip time: for s2_auto that depends on the
// thresholds, of which 0 leaves a level out.
func Level(mode string, thresholds []time.Duration, rtt time.Duration) string {
	if mode != S2Auto {
		return mode
	}
	levels := [...]string{S2Uncompressed, S2Fast, S2Better}
	for i, most := range thresholds {
		if i < len(levels) && most > 0 && rtt <= most {
			return levels[i]
		}
	}
	return S2Best
}
