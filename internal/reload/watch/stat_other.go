//go:build !linux

package watch

import "io/fs"

func statOf(info fs.FileInfo) stat {
	modified := info.ModTime().UnixNano()
	return stat{size: info.Size(), modified: modified, changed: modified}
}
