//go:build !unix

package server

import (
	"errors"
	"io/fs"
	"net"
)

var errSocketTaken = errors.New("another process listens there")

// bindUnix fails: who connects to a unix socket cannot be told here.
func bindUnix(string) (net.Listener, error) { return nil, errors.ErrUnsupported }

func ownedByUs(fs.FileInfo) bool { return true }
