package monitor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"time"
)

// ProfilezQuery asks for a profile of the Go runtime.
type ProfilezQuery struct {
	Name     string        `json:"name"`     // allocs, block, cpu, goroutine, heap, mutex, threadcreate
	Debug    int           `json:"debug"`    // 0 is the binary form
	Duration time.Duration `json:"duration"` // of cpu
}

// Profilez is a profile, or the reason why there is none.
type Profilez struct {
	Profile []byte `json:"profile"`
	Error   string `json:"error"`
}

// maxProfile is how long the use of the processor is watched at most.
const maxProfile = 15 * time.Second

// Profilez takes a profile. For cpu it takes as long as the query says, or until ctx ends.
func (c *Collector) Profilez(ctx context.Context, q ProfilezQuery) *Profilez {
	text, err := profile(ctx, q)
	if err != nil {
		return &Profilez{Error: err.Error()}
	}
	return &Profilez{Profile: text}
}

//nolint:staticcheck // texts of the protocol
func profile(ctx context.Context, q ProfilezQuery) ([]byte, error) {
	var buf bytes.Buffer
	switch q.Name {
	case "":
		return nil, errors.New("Profile name not specified")
	case "cpu":
		if q.Duration <= 0 || q.Duration > maxProfile {
			return nil, fmt.Errorf("Duration %s should be between 0s and %s", q.Duration, maxProfile)
		}
		if err := pprof.StartCPUProfile(&buf); err != nil {
			return nil, fmt.Errorf("Failed to start CPU profile: %w", err)
		}
		over := time.NewTimer(q.Duration)
		defer over.Stop()
		select {
		case <-over.C:
		case <-ctx.Done():
		}
		pprof.StopCPUProfile()
	default:
		p := pprof.Lookup(q.Name)
		if p == nil {
			return nil, fmt.Errorf("Profile %q not found", q.Name)
		}
		if err := p.WriteTo(&buf, q.Debug); err != nil {
			return nil, fmt.Errorf("Profile %q error: %w", q.Name, err)
		}
	}
	return buf.Bytes(), nil
}
