//go:build !linux

package monitor

import "runtime/metrics"

// residentBytes is what the Go runtime holds from the system, the nearest thing that can be had
// everywhere without stopping the world.
func residentBytes() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
