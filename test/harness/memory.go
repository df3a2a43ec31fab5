package harness

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// RSS returns the resident memory of the process in bytes, 0 where the system has no /proc.
func (s *Server) RSS() int64 { return s.status("VmRSS:") * 1024 }

// PeakRSS returns the highest resident memory so far in bytes, 0 where the system has no /proc.
func (s *Server) PeakRSS() int64 { return s.status("VmHWM:") * 1024 }

// CPU returns the processor time that the process has used, 0 where the system has no /proc. On a
// busy machine it says more about the process than the time that passed.
func (s *Server) CPU() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.Pid()))
	if err != nil {
		return 0
	}
	// The name in parentheses may hold blanks; user and system time are fields 14 and 15, counted in
	// hundredths of a second.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / 100)
}

// FDs returns the number of open files of the process, 0 where the system has no /proc.
func (s *Server) FDs() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.Pid()))
	if err != nil {
		return 0
	}
	return len(entries)
}

// Goroutines returns the number of goroutines of the process, as its monitoring port lists them, 0 when it
// does not answer.
func (s *Server) Goroutines() int {
	_, stacks, err := s.Get("/stacksz")
	if err != nil {
		return 0
	}
	return strings.Count("\n"+string(stacks), "\ngoroutine ")
}

func (s *Server) status(key string) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.Pid()))
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), key); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n
		}
	}
	return 0
}
