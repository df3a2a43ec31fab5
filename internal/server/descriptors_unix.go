//go:build linux || darwin

package server

import (
	"math"
	"syscall"
)

// maxDescriptors returns how many files this process may have open, 0 if there is no limit worth
// the name.
func maxDescriptors() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil || r.Cur > math.MaxInt32 {
		return 0
	}
	return int(r.Cur)
}
