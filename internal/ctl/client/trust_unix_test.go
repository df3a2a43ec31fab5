//go:build unix

package client_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"natsd/internal/ctl/client"
)

// A socket in a folder that somebody else may have made, where everybody can make folders, is not asked.
func TestFindInFoldersOfOthers(t *testing.T) {
	t.Parallel()
	parent, err := os.MkdirTemp("", "natsctl") // short enough for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	dir := filepath.Join(parent, "natsd")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", filepath.Join(dir, "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	for _, c := range []struct {
		parent, dir os.FileMode
		owner       int // 0: the one of the test
		found       bool
	}{
		{0o755, 0o700, 0, true},
		{0o755, 0o777, 0, true},
		{0o777 | os.ModeSticky, 0o700, 0, true},
		{0o777 | os.ModeSticky, 0o777, 0, false},
		{0o777 | os.ModeSticky, 0o755, 4711, false},
		{0o755, 0o755, 4711, true},
	} {
		if c.owner != 0 && os.Getuid() != 0 {
			continue // only root can give a folder away
		}
		if c.owner == 0 {
			c.owner = os.Getuid()
		}
		for _, err := range []error{os.Chmod(parent, c.parent), os.Chmod(dir, c.dir), os.Chown(dir, c.owner, -1)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := client.Find(t.Context(), client.Places{Folders: []string{dir}, API: "http://127.0.0.1:1", Monitor: "http://127.0.0.1:1"})
		if found := err == nil && strings.HasPrefix(got.String(), "unix://"); found != c.found {
			t.Errorf("%+v: %v %v", c, got, err)
		}
	}
}
