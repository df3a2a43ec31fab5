//go:build !windows

package staged

import (
	"io/fs"
	"path/filepath"

	"github.com/google/renameio/v2"
)

func newPendingFile(path string, perm fs.FileMode) (pendingFile, error) {
	return renameio.NewPendingFile(path,
		renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(perm))
}
