//go:build !windows

package main

import (
	"os"
	"syscall"
)

// signalNames maps what --signal takes to what it sends.
func signalNames() map[string]syscall.Signal {
	return map[string]syscall.Signal{
		"stop":   syscall.SIGKILL,
		"quit":   syscall.SIGINT,
		"term":   syscall.SIGTERM,
		"reopen": syscall.SIGUSR1,
		"reload": syscall.SIGHUP,
		"ldm":    syscall.SIGUSR2,
	}
}

func knownSignal(name string) bool {
	_, ok := signalNames()[name]
	return ok
}

func sendSignal(name string, pid int) error { return syscall.Kill(pid, signalNames()[name]) }

// actions maps the signals that the server takes to what they ask for.
func actions() map[os.Signal]action {
	return map[os.Signal]action{
		syscall.SIGINT:  interrupt,
		syscall.SIGTERM: terminate,
		syscall.SIGUSR1: reopen,
		syscall.SIGUSR2: lameDuck,
		syscall.SIGHUP:  reload,
	}
}

// ignored are signals that would end the process although nothing is wrong with it: a log pipe
// without a reader must not stop the service.
func ignored() []os.Signal { return []os.Signal{syscall.SIGPIPE} }
