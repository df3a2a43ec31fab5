//go:build !linux && !darwin

package server

import (
	"errors"
	"net"
	"syscall"
)

var errNotShared = errors.New("the port cannot be shared")

func sharePort(net.Listener, bool) error { return errNotShared }

func shareControl(_, _ string, _ syscall.RawConn) error { return errNotShared }
