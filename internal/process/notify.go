package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// Notifier tells a service manager (systemd's Type=notify or notify-reload) how the process is doing.
// The zero Notifier has nobody to tell and does nothing. It is safe for concurrent use.
type Notifier struct{ socket string }

// NewNotifier returns a notifier for the socket named by the environment variable NOTIFY_SOCKET: a
// path, or a name in Linux's abstract namespace when it starts with '@'.
func NewNotifier() Notifier { return Notifier{socket: os.Getenv("NOTIFY_SOCKET")} }

// Ready says that the server takes connections, and ends what Reloading began.
func (n Notifier) Ready() error { return n.send("READY=1") }

// Reloading says that a reload has begun. Ready must follow, whatever comes of it.
func (n Notifier) Reloading() error {
	usec, err := monotonicMicros()
	if err != nil {
		return errors.Join(n.send("RELOADING=1"), err)
	}
	return n.send("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", usec))
}

// Stopping says that the server has begun to shut down.
func (n Notifier) Stopping() error { return n.send("STOPPING=1") }

// Status sets the line of text that the service manager shows.
func (n Notifier) Status(text string) error {
	return n.send("STATUS=" + strings.ReplaceAll(text, "\n", " "))
}

func (n Notifier) send(lines ...string) error {
	if n.socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	return nil
}
