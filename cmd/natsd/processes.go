package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// commLength is how much of a program's name Linux keeps in /proc/PID/comm.
const commLength = 15

// processes lists the ids of the running processes of a program, in ascending order, from a proc file
// system. It goes by the name of the executable, or by the name of the process where that is not
// readable for this user.
func processes(proc, name string) ([]int, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // not a process
		}
		if processName(filepath.Join(proc, e.Name()), name) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// processName tells whether the process described in dir runs the program called name.
func processName(dir, name string) bool {
	exe, err := os.Readlink(filepath.Join(dir, "exe"))
	if err == nil {
		exe = strings.TrimSuffix(exe, " (deleted)") // replaced by an upgrade while it runs
		return filepath.Base(exe) == name
	}
	if !errors.Is(err, fs.ErrPermission) {
		return false // a zombie, or a thread of the kernel
	}
	comm, err := os.ReadFile(filepath.Join(dir, "comm"))
	if err != nil {
		return false // ended meanwhile
	}
	return strings.TrimSuffix(string(comm), "\n") == name[:min(len(name), commLength)]
}

// programName is the name of this executable, so that a renamed one finds its like.
func programName(fallback string) string {
	exe, err := os.Executable()
	if err != nil {
		return fallback
	}
	return filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
}
