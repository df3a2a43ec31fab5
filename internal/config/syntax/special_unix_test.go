//go:build unix

package syntax

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSpecialFiles tries to include files whose opening may never end, or does something.
func TestSpecialFiles(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "conf") // short: the path of a socket has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, what := range map[string]string{
		fifo: "a named pipe", "/dev/zero": "a device", "/dev/null": "a device", "/dev/tty": "a device", socket: "a socket", dir: "a directory",
	} {
		want := "open " + path + ": this is " + what + ", not a regular file"
		soon(t, func() {
			_, problems := ParseFile(path, nil)
			if got := firstError(problems).Message; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			_, problems = Parse(filepath.Join(dir, "main.conf"), []byte("include '"+path+"'\nx 1 y"), nil)
			if len(problems) != 2 || problems[0].Message != "include "+want {
				t.Errorf("got %v", problems)
			}
		})
	}
	_, problems := Parse("main.conf", []byte("include /proc/self/status"), nil)
	if got := firstError(problems).Message; strings.Contains(got, "regular") {
		t.Errorf("a file without a size: %q", got)
	}
}
