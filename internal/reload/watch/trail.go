package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// trail is the way from a path to what it means, all symbolic links followed one by one.
type trail struct {
	// steps are the names whose change can give the path another meaning: every symbolic link, and
	// the end. Where the way breaks off, the missing name is the last one.
	steps []step
	// real is the path of the end without symbolic links; empty when the way breaks off before it.
	real string
	// lost is the directory that is missing on the way, if that is why it breaks off.
	lost string
	// changed is the newest change of a link on the way, or of the directory where it breaks off.
	changed time.Time
	absent  bool   // it breaks off at a name that does not exist
	fault   string // it breaks off for another reason
}

// step is a name in a directory. The path of the directory holds no symbolic link.
type step struct{ dir, name string }

// maxLinks is how many symbolic links one path may lead through, as in the kernel.
const maxLinks = 40

var errLoop = errors.New("too many levels of symbolic links")

// pathfinder finds trails, and looks at each directory on the way once.
type pathfinder struct {
	dirs map[string]bool // directories that have been seen not to be symbolic links
}

// follow walks an absolute path.
func (p *pathfinder) follow(path string) trail {
	var t trail
	volume := filepath.VolumeName(path)
	root := volume + string(filepath.Separator)
	at, rest := root, elements(path[len(volume):])
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		full := filepath.Join(at, name)
		if len(rest) > 0 && p.dirs[full] {
			at = full
			continue
		}
		info, err := os.Lstat(full)
		switch {
		case err != nil:
			return t.broken(at, name, err, len(rest) > 0)
		case info.Mode()&fs.ModeSymlink != 0:
			t.steps = append(t.steps, step{at, name})
			t.touched(info)
			target, err := os.Readlink(full)
			if links++; err == nil && links > maxLinks {
				err = errLoop
			}
			if err != nil {
				t.fault = reason(err)
				return t
			}
			if filepath.IsAbs(target) {
				at = filepath.VolumeName(target) + string(filepath.Separator)
				target = target[len(filepath.VolumeName(target)):]
			}
			rest = append(elements(target), rest...)
		case len(rest) == 0:
			t.steps = append(t.steps, step{at, name})
			t.real = full
			return t
		default:
			// A file here makes the next Lstat fail.
			p.dirs[full] = info.IsDir()
			at = full
		}
	}
	t.real = at
	return t
}

// broken ends the trail at a name that is not there or must not be looked at.
func (t trail) broken(at, name string, err error, onTheWay bool) trail {
	t.steps = append(t.steps, step{at, name})
	switch t.absent = errors.Is(err, fs.ErrNotExist); {
	case !t.absent:
		t.fault = reason(err)
	case onTheWay:
		t.lost = filepath.Join(at, name)
	}
	if info, err := os.Stat(at); err == nil {
		t.touched(info)
	}
	return t
}

func (t *trail) touched(info fs.FileInfo) {
	if at := time.Unix(0, statOf(info).changed); at.After(t.changed) {
		t.changed = at
	}
}

// elements splits a path, without the empty and the idle ones.
func elements(path string) []string {
	var out []string
	for _, e := range strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }) {
		if e != "." {
			out = append(out, e)
		}
	}
	return out
}
