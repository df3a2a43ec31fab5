//go:build !unix

package watch

import (
	"os"
	"testing"
)

// makePipe makes something else that is no file.
func makePipe(t *testing.T, path string) {
	t.Helper()
	must(t, os.Mkdir(path, 0o700))
}
