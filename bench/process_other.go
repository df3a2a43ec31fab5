//go:build !linux

package main

import (
	"errors"
	"os/exec"
	"syscall"
	"time"
)

var errNotLinux = errors.New("the duel measures processes on Linux only")

type placement struct{}

func pinLoad() (placement, error) { return placement{}, errNotLinux }

func (placement) startPinned(cmd *exec.Cmd) error { return cmd.Start() }

func usageOf(int) (usage, error) { return usage{}, errNotLinux }

func loadCPU() time.Duration { return 0 }

func readable(syscall.RawConn, time.Duration) bool { return true }
