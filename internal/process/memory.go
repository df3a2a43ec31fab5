package process

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is the part of a cgroup's memory that the Go heap may fill: what is left is for stacks
// of the kernel, page cache and memory that the runtime does not count.
const memoryShare = 0.9

// LimitMemory sets Go's soft memory limit and returns it in bytes, 0 when there is none. With auto it
// is nine tenths of the cgroup's limit, and a GOMEMLIMIT in the environment stays in force; otherwise
// it is bytes, where 0 takes the limit away. On an error the limit is what it was before.
//
// The limit is one of the whole process. It may be set again at any time, by one caller at a time.
func LimitMemory(auto bool, bytes int64) (int64, error) {
	return limitMemory(auto, bytes, memlimit.FromCgroup)
}

func limitMemory(auto bool, bytes int64, cgroup memlimit.Provider) (int64, error) {
	if !auto {
		if bytes <= 0 {
			bytes = math.MaxInt64
		}
		debug.SetMemoryLimit(bytes)
		return currentLimit(), nil
	}
	if _, set := os.LookupEnv("GOMEMLIMIT"); set {
		return currentLimit(), nil
	}
	limit, err := memlimit.ApplyRatio(cgroup, memoryShare)()
	switch {
	case errors.Is(err, memlimit.ErrNoLimit), errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported):
		limit = math.MaxInt64 // nothing bounds this process
	case err != nil:
		return currentLimit(), fmt.Errorf("read memory limit of the cgroup: %w", err)
	}
	debug.SetMemoryLimit(int64(min(limit, math.MaxInt64)))
	return currentLimit(), nil
}

func currentLimit() int64 {
	if n := debug.SetMemoryLimit(-1); n != math.MaxInt64 {
		return n
	}
	return 0
}
