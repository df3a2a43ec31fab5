package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// signal does what --signal NAME[=TARGET] asks for. The target is a process id, a file that holds one,
// the beginning of process ids with '*', or nothing for the only running process of this program.
func (p *program) signal(request string) error {
	parts := strings.Split(request, "=")
	if len(parts) > 2 {
		return fmt.Errorf("invalid signal parameters: %s", parts[1:])
	}
	name, target := parts[0], ""
	if len(parts) == 2 {
		target = parts[1]
	}
	if !knownSignal(name) {
		return fmt.Errorf("unknown signal %q", name)
	}
	pids, err := p.targets(target)
	if err != nil {
		return err
	}
	var failed []error
	for _, pid := range pids {
		if err := sendSignal(name, pid); err != nil {
			failed = append(failed, fmt.Errorf("signal %q %d: %w", name, pid, err))
		}
	}
	return errors.Join(failed...)
}

// targets resolves the target of a signal to process ids, at least one.
func (p *program) targets(target string) ([]int, error) {
	prefix, glob := strings.CutSuffix(target, "*")
	if !glob && target != "" {
		pid, err := readTarget(target)
		if err != nil {
			return nil, err
		}
		return []int{pid}, nil
	}
	if glob && !isDigits(prefix) {
		return nil, fmt.Errorf("invalid pid: %s", target)
	}
	running, err := processes(p.proc, p.exe)
	if err != nil {
		return nil, errors.New("unable to resolve pid, try providing one")
	}
	var pids []int
	for _, pid := range running {
		if pid != os.Getpid() && strings.HasPrefix(strconv.Itoa(pid), prefix) {
			pids = append(pids, pid)
		}
	}
	switch {
	case len(pids) == 0:
		return nil, fmt.Errorf("no %s processes running", p.name)
	case len(pids) > 1 && !glob:
		var list strings.Builder
		for _, pid := range pids {
			fmt.Fprintf(&list, "\n%d", pid)
		}
		return nil, fmt.Errorf("multiple %s processes running:%s", p.name, list.String())
	}
	return pids, nil
}

// readTarget takes a process id, or the path of a file that holds one with white space around it.
func readTarget(target string) (int, error) {
	text := target
	if !isDigits(target) {
		data, err := os.ReadFile(target)
		if err != nil {
			return 0, fmt.Errorf("invalid pid: %s", target)
		}
		text = strings.TrimSpace(string(data))
	}
	pid, err := strconv.Atoi(text)
	if err != nil || pid <= 0 { // 0 and below address groups of processes
		return 0, fmt.Errorf("invalid pid: %s", shorten(text))
	}
	return pid, nil
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// shorten keeps a message readable when somebody names a file that is not a pid file.
func shorten(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "…"
	}
	return s
}
