package syntax

import (
	"cmp"
	"path/filepath"
)

// Env looks up an environment variable. It has the signature of [os.LookupEnv].
type Env func(name string) (string, bool)

// File is a parsed configuration: the main file with everything that it includes.
type File struct {
	// Root holds the top-level keys. It is incomplete when there were errors.
	Root *Table
	// Files lists the main file and every include, absolute, in the order they were first read.
	Files []string
	// Patterns lists the absolute form of every pattern in an include. A new file that matches one
	// would change the configuration.
	Patterns []string
	// Digest is "sha256:" and the hex digest of the tree, the same for every layout of the same
	// values and the same as nats-server's. It is empty when there were errors.
	Digest string

	sources map[string]*source
}

// Source returns the text of the line that pos is in, "" if unknown. The values of keys that are
// known to hold a secret are masked, byte by byte, so that columns stay right.
func (f *File) Source(pos Pos) string {
	if f == nil {
		return ""
	}
	s := f.sources[pos.File]
	if s == nil {
		return ""
	}
	return mask(s.line(pos.Line))
}

// ParseFile reads the file at path and everything it includes. Problems come sorted by file, line
// and column, errors and warnings together. File is nil only when the main file could not be read;
// with errors among the problems it is incomplete and fit for looking at, not for use.
//
// env resolves variables that no key above them defines; nil means an empty environment.
func ParseFile(path string, env Env) (*File, []Problem) { return ParseFrom(Disk{}, path, "", env) }

// ParseFrom is [ParseFile] with files that need not be on a disk. Places in the main file are shown under
// name; empty is path.
func ParseFrom(files Files, path, name string, env Env) (*File, []Problem) {
	l := newLoader(env)
	l.files = files
	text, err := files.Read(path)
	if err != nil {
		l.problems.add(Problem{Message: err.Error()})
		return nil, l.problems.list
	}
	return l.load(path, cmp.Or(name, path), text)
}

// Parse is [ParseFile] for text that is already in memory. Include paths are relative to the
// directory of name. It does not keep src.
func Parse(name string, src []byte, env Env) (*File, []Problem) {
	l := newLoader(env)
	if len(src) > maxFileSize {
		l.problems.add(Problem{Pos: Pos{File: name}, Message: errTooLarge.Error()})
		return nil, l.problems.list
	}
	return l.load(name, name, string(src))
}

// loader is what all the parsers of one load share.
type loader struct {
	env      Env
	files    Files
	file     *File
	problems problems
	included map[string]*Table // by absolute path: an include sees nothing of its includer
	chain    []link            // the files being read, outermost first
	environ  map[string]*Value // parsed environment variables; nil while one is being parsed
	includes int               // files included so far
	values   int               // in the tree so far
	outside  int               // uses of variables and includes so far

	nodes   slab[Value]
	entries slab[Entry]
	tables  slab[Table]
}

// dependencies counts what makes the meaning of a text depend on more than the text, and what was said
// about it.
func (l *loader) dependencies() int { return l.outside + l.problems.errors + l.problems.warnings }

// slab hands out places for the nodes of a tree, many at a time: they live and die together.
type slab[T any] struct {
	free []T
	size int // of the last piece
}

// The sizes of the pieces that a slab allocates at first and at most.
const (
	slabFirst = 8
	slabMost  = 256
)

// take returns a place that nothing is in yet. What is known of it is best put there piece by piece: a whole
// value is built elsewhere first and then copied.
func (s *slab[T]) take() *T {
	if len(s.free) == 0 {
		s.size = min(max(slabFirst, 2*s.size), slabMost)
		s.free = make([]T, s.size)
	}
	place := &s.free[0]
	s.free = s.free[1:]
	return place
}

func newLoader(env Env) *loader {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	return &loader{
		env:      env,
		files:    Disk{},
		file:     &File{sources: make(map[string]*source)},
		included: make(map[string]*Table),
		environ:  make(map[string]*Value),
	}
}

// load parses the main file, which is at path and shown under name.
func (l *loader) load(path, name, text string) (*File, []Problem) {
	l.enter(path, name)
	l.file.Root = l.parse(filepath.Dir(path), name, text)
	if l.problems.errors == 0 {
		if len(l.file.Root.Entries) == 0 {
			l.problems.add(Problem{Pos: Pos{File: name}, Message: "config has no values or is empty", Warning: true})
		}
		l.file.Digest = digest(l.file.Root)
	}
	return l.file, l.problems.sorted()
}

// parse reads one file, whose includes start at dir, into a table of its own.
func (l *loader) parse(dir, name, text string) *Table {
	src := newSource(name, text)
	l.file.sources[name] = src
	p := &parser{source: src, loader: l, report: l.problems.add, dir: dir}
	return p.file()
}
