//go:build unix

package admin

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe in place of a file of the configuration does not hold up who asks.
func TestDigestOfAPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := digestOf(path); got != "" {
		t.Errorf("got %s", got)
	}
}
