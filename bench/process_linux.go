package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// placement says which processor the server gets. The zero value leaves it to the system.
type placement struct {
	server unix.CPUSet
	pinned bool
}

// pinLoad takes one processor for the load, which is this process, and leaves another one to the
// server.
func pinLoad() (placement, error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return placement{}, fmt.Errorf("sched_getaffinity: %w", err)
	}
	if all.Count() < 2 {
		return placement{}, errors.New("there is only one processor")
	}
	p := placement{pinned: true}
	var load unix.CPUSet
	for cpu := 0; load.Count() == 0; cpu++ {
		switch {
		case !all.IsSet(cpu):
		case p.server.Count() == 0:
			p.server.Set(cpu)
		default:
			load.Set(cpu)
		}
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return placement{}, err
	}
	for _, t := range threads { // new ones inherit from these
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return placement{}, err
		}
		if err := unix.SchedSetaffinity(tid, &load); err != nil {
			return placement{}, fmt.Errorf("sched_setaffinity: %w", err)
		}
	}
	return p, nil
}

// startPinned starts a process on the server's processor: a child gets the affinity of the thread that
// starts it.
func (p placement) startPinned(cmd *exec.Cmd) error {
	if !p.pinned {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		return fmt.Errorf("sched_getaffinity: %w", err)
	}
	if err := unix.SchedSetaffinity(0, &p.server); err != nil {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	err := cmd.Start()
	if back := unix.SchedSetaffinity(0, &own); back != nil && err == nil {
		err = fmt.Errorf("sched_setaffinity: %w", back)
	}
	return err
}

// usageOf reads the processor clock of a process, which counts nanoseconds over all its threads, those
// that have ended included, and its resident memory.
func usageOf(pid int) (usage, error) {
	const scheduled = 2 // CPUCLOCK_SCHED
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return usage{}, fmt.Errorf("processor clock of the server: %w", err)
	}
	u := usage{cpu: time.Duration(t.Nano())}
	var err error
	if u.rss, err = kilobytes(pid, "smaps_rollup", "Rss:"); err == nil {
		u.peak, err = kilobytes(pid, "status", "VmHWM:")
	}
	return u, err
}

// kilobytes reads a line of a file about a process, in bytes.
func kilobytes(pid int, file, line string) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, err
	}
	for l := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(l, []byte(line)); ok {
			kb, err := strconv.Atoi(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))))
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("%s of process %d has no %s", file, pid, line)
}

// readable tells whether a socket has something to read, and waits for that for d at most, which timers of the
// runtime do not do to the microsecond.
func readable(raw syscall.RawConn, d time.Duration) bool {
	n := 0
	err := raw.Control(func(fd uintptr) {
		t := unix.NsecToTimespec(d.Nanoseconds())
		n, _ = unix.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, &t, nil)
	})
	return n > 0 || err != nil
}

// loadCPU is the processor time of this process.
func loadCPU() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
