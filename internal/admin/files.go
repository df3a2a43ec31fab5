package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"sync"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/config/syntax"
)

// settled is how old a change of a file has to be for the next one to have another time, whatever the file
// system counts in.
const settled = 2 * time.Second

// files remembers what files held, so that a question about them reads only what has changed. The zero files
// is ready.
type files struct {
	mu      sync.Mutex // a leaf
	archive *config.Archive
	read    []config.ArchivedFile // of archive
	disk    map[string]seenFile   // by path
}

// seenFile is a file as it was when its digest was made.
type seenFile struct {
	info   fs.FileInfo
	digest string
}

func (a *API) configFiles(c *call) (any, error) {
	o := c.options
	if o.Archive == nil {
		return []api.File{}, nil
	}
	read, seen := a.files.last(o.Archive)
	if read == nil {
		read = o.Archive.Files()
	}
	now := make(map[string]seenFile, len(read))
	out := make([]api.File, 0, len(read))
	for _, f := range read {
		one := api.File{Path: f.Path, Key: f.Key, Size: f.Size, Digest: f.Digest, Watched: o.Watch.Enabled, Changed: true}
		if info, err := os.Stat(f.Path); err == nil {
			t := info.ModTime().UTC()
			one.MTime = &t
			if info.Size() == int64(f.Size) {
				s := look(f.Path, info, seen[f.Path])
				one.Changed = s.digest != f.Digest
				now[f.Path] = s
			}
		}
		out = append(out, one)
	}
	a.files.note(o.Archive, read, now)
	return out, nil
}

// look returns what a file holds. It is read again if it does not look as it did, or was changed just before.
func look(path string, info fs.FileInfo, seen seenFile) seenFile {
	if seen.info != nil && os.SameFile(seen.info, info) && seen.info.Size() == info.Size() && seen.info.ModTime().Equal(info.ModTime()) {
		return seen
	}
	s := seenFile{digest: digestOf(path)}
	if s.digest != "" && time.Since(info.ModTime()) > settled { // the right to read it comes back without a new time
		s.info = info
	}
	return s
}

// digestOf is the digest of a file on disk; empty when it cannot be read.
func digestOf(path string) string {
	text, err := syntax.Disk{}.Read(path) // which does not wait for a pipe that has taken its place
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// last returns what is known of the files of a configuration, and of those on disk.
func (f *files) last(archive *config.Archive) (read []config.ArchivedFile, disk map[string]seenFile) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.archive == archive {
		read = f.read
	}
	return read, f.disk
}

// note remembers what was found. None of it is changed any more.
func (f *files) note(archive *config.Archive, read []config.ArchivedFile, disk map[string]seenFile) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.archive, f.read, f.disk = archive, read, disk
}
