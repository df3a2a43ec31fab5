package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// monotonicMicros reads the clock that the service manager compares with, in microseconds.
func monotonicMicros() (int64, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0, fmt.Errorf("read monotonic clock: %w", err)
	}
	return t.Nano() / 1000, nil
}
