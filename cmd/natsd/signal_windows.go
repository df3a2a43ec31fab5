package main

import (
	"errors"
	"os"
	"syscall"
)

func knownSignal(string) bool { return true }

func sendSignal(string, int) error {
	return errors.New("signals are not available on this system")
}

// actions maps the signals that the server takes to what they ask for.
func actions() map[os.Signal]action {
	return map[os.Signal]action{os.Interrupt: interrupt, syscall.SIGTERM: terminate}
}

func ignored() []os.Signal { return nil }
