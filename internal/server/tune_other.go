//go:build !linux

package server

import "net"

// tune sets what the system's defaults get wrong for long-lived client connections.
func tune(net.Conn) {}
