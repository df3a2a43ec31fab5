package process

import (
	"errors"
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// The limit belongs to the whole process, so this test is the only one that sets it and not parallel.
func TestLimitMemory(t *testing.T) {
	if v, set := os.LookupEnv("GOMEMLIMIT"); set {
		t.Skipf("GOMEMLIMIT=%s stands in the environment", v)
	}
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })

	const gib = 1 << 30
	cgroup := func(n uint64, err error) memlimit.Provider {
		return func() (uint64, error) { return n, err }
	}
	refused := errors.New("refused")
	for _, tc := range []struct {
		name   string
		auto   bool
		bytes  int64
		cgroup memlimit.Provider
		want   int64
		err    error
	}{
		{"size", false, 5 * gib, nil, 5 * gib, nil},
		{"off", false, 0, nil, 0, nil},
		{"auto", true, 0, cgroup(10*gib, nil), 9 * gib, nil},
		{"auto, unreadable: as before", true, 0, cgroup(0, refused), 9 * gib, refused},
		{"auto, no limit", true, 0, cgroup(0, memlimit.ErrNoLimit), 0, nil},
		{"auto, no cgroup", true, 0, cgroup(0, memlimit.ErrNoCgroup), 0, nil},
		{"auto, absurd", true, 0, cgroup(math.MaxUint64, nil), 0, nil},
	} {
		got, err := limitMemory(tc.auto, tc.bytes, tc.cgroup)
		if got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: limit %d, error %v; want %d, %v", tc.name, got, err, tc.want, tc.err)
		}
	}

	t.Setenv("GOMEMLIMIT", "123MiB")
	debug.SetMemoryLimit(123 << 20)
	if got, err := limitMemory(true, 0, cgroup(10*gib, nil)); got != 123<<20 || err != nil {
		t.Errorf("GOMEMLIMIT was overruled: %d, %v", got, err)
	}
}
