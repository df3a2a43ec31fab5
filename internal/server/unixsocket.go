//go:build unix

package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// errSocketTaken is the answer where another process listens on a unix socket.
var errSocketTaken = errors.New("another process listens there")

// unixListener is a unix socket with the lock that keeps others away from its name. A name that a killed
// process has left behind is not locked.
type unixListener struct {
	*net.UnixListener
	path string
	lock atomic.Pointer[os.File]
}

// bindUnix listens on a unix socket that only this user can connect to.
func bindUnix(path string) (net.Listener, error) {
	lock, err := lockSocket(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	ln, err := replaceSocket(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", path, err), unlockSocket(lock))
	}
	l := &unixListener{UnixListener: ln, path: path}
	l.lock.Store(lock)
	return l, nil
}

// replaceSocket binds a name in place of the socket that was left there. It is made in a folder of its
// own, which nobody else can enter, and moved to its name when its mode is right.
func replaceSocket(path string) (*net.UnixListener, error) {
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		return nil, errors.New("there is something else of that name")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".natsd")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // nothing is in it that is needed
	made := filepath.Join(dir, "s")
	ln, err := net.ListenUnix(unixScheme, &net.UnixAddr{Name: made, Net: unixScheme})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false) // it has another name by then
	const private = 0o600
	if err = os.Chmod(made, private); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// Addr is the name of the socket.
func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: unixScheme} }

// Close stops listening and takes the name away.
func (l *unixListener) Close() error {
	lock := l.lock.Swap(nil)
	if lock == nil {
		return net.ErrClosed
	}
	return errors.Join(l.UnixListener.Close(), os.Remove(l.path), unlockSocket(lock))
}

// lockSocket takes the lock of a socket, which ends with the process that has it.
func lockSocket(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			_ = f.Close() // nothing was written
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, errSocketTaken
			}
			return nil, err
		}
		mine, err1 := f.Stat()
		there, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			return f, nil
		}
		_ = f.Close() // who had the lock has just removed the file: it locks nothing any more
	}
}

func unlockSocket(lock *os.File) error { return errors.Join(os.Remove(lock.Name()), lock.Close()) }

// ownedByUs tells whether a file belongs to the user of this process.
func ownedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid()
}
