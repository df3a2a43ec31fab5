package watch

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// picture is what all files of a set look like at one moment.
type picture struct {
	marks   marks              // of those that exist
	changed map[File]time.Time // of all files: the last change, or that of the way to it
	names   interest
	lost    []string // directories that are missing
	blind   string   // why events do not suffice; empty when they do
}

// same tells that both show the same contents.
func (p *picture) same(other *picture) bool { return p.marks.same(other.marks) }

// shows tells whether a picture was taken of a file, though it may show that there is none.
func (p *picture) shows(f File) bool {
	_, ok := p.changed[f]
	return ok
}

// fault says why a file has no contents; empty when it has.
func (p *picture) fault(f File) string {
	if m, ok := p.marks[f]; ok {
		return m.fault
	}
	return "no such file"
}

// faulty tells that some file is there and cannot be read.
func (p *picture) faulty() bool {
	for _, m := range p.marks {
		if m.fault != "" {
			return true
		}
	}
	return false
}

// interest says by directory, its path without symbolic links, which names in it matter.
type interest map[string]*names

type names struct {
	exact    map[string]bool
	patterns []string
}

// at returns the names of a directory, to be added to.
func (i interest) at(dir string) *names {
	n := i[dir]
	if n == nil {
		n = &names{exact: make(map[string]bool)}
		i[dir] = n
	}
	return n
}

// covers tells whether the path of an event matters: it is one of the names, or one of the
// directories itself.
func (i interest) covers(path string) bool {
	if i[path] != nil {
		return true
	}
	n := i[filepath.Dir(path)]
	if n == nil {
		return false
	}
	name := filepath.Base(path)
	return n.exact[name] || slices.ContainsFunc(n.patterns, func(p string) bool { return matches(p, name) })
}

// matches is the rule by which an include pattern chooses names.
func matches(pattern, name string) bool {
	if name[0] == '.' && pattern[0] != '.' {
		return false
	}
	ok, _ := filepath.Match(pattern, name)
	return ok
}

// camera takes pictures.
type camera struct {
	reader reader
}

func newCamera() *camera { return &camera{reader{known: make(map[string]reading)}} }

// exposure is one picture being taken.
type exposure struct {
	*picture
	reader *reader
	paths  pathfinder
	used   map[string]bool  // paths that were read, without symbolic links
	seen   map[string]sight // by path as it was given
}

// sight is one file of a picture.
type sight struct {
	mark    mark // zero when there is no such file
	changed time.Time
}

// take looks at all files, once each.
func (c *camera) take(files []File) *picture {
	e := &exposure{
		picture: &picture{marks: make(marks), changed: make(map[File]time.Time), names: make(interest)},
		reader:  &c.reader,
		paths:   pathfinder{dirs: make(map[string]bool)},
		used:    make(map[string]bool),
		seen:    make(map[string]sight),
	}
	for _, f := range files {
		if f.Glob {
			e.glob(f)
		} else {
			e.file(f)
		}
	}
	slices.Sort(e.lost)
	e.lost = slices.Compact(e.lost)
	c.reader.forget(e.used)
	return e.picture
}

// follow walks a path and notes the names on the way.
func (e *exposure) follow(path string) trail {
	t := e.paths.follow(path)
	for _, s := range t.steps {
		e.names.at(s.dir).exact[s.name] = true
	}
	if t.lost != "" {
		e.lost = append(e.lost, t.lost)
	}
	return t
}

// file adds one file.
func (e *exposure) file(f File) {
	s, ok := e.seen[f.Path] // a file can be of several kinds
	if !ok {
		s = e.look(f.Path)
		e.seen[f.Path] = s
	}
	e.changed[f] = s.changed
	if s.mark != (mark{}) {
		e.marks[f] = s.mark
	}
}

func (e *exposure) look(path string) sight {
	t := e.follow(path)
	if t.fault != "" || t.absent {
		return sight{mark{fault: t.fault}, t.changed}
	}
	e.used[t.real] = true
	m, changed := e.reader.read(t.real)
	if changed.Before(t.changed) {
		changed = t.changed
	}
	return sight{m, changed}
}

// glob adds the files that match a pattern. A directory that cannot be read has none.
func (e *exposure) glob(f File) {
	dir, pattern := filepath.Split(f.Path)
	dir = filepath.Clean(dir)
	t := e.follow(dir)
	if t.fault != "" || t.absent || pattern == "" {
		return
	}
	n := e.names.at(t.real)
	n.patterns = append(n.patterns, pattern)
	entries, err := os.ReadDir(t.real)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if matches(pattern, entry.Name()) {
			e.file(File{Path: filepath.Join(dir, entry.Name()), Kind: f.Kind})
		}
	}
}
