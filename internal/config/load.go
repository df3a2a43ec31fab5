package config

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

// Source says where a configuration comes from. The same Source gives the same Options again on a
// reload, as far as files and environment are still the same.
type Source struct {
	Path    string            // of the file; empty: no file
	Flags   []Flag            // set on the command line, in order
	Env     syntax.Env        // for $NAME in the file; nil is the environment of the process
	Environ map[string]string // variables that set options; others than NATSD_* are left alone
	WorkDir string            // relative paths in the configuration start here; empty: the process's own
	// Name is what places in the configuration file are shown under; empty is Path. It is for a text that
	// stands in another file, see [LoadText].
	Name string
	// Last is what an earlier load of this Source gave; nil is nothing. What has not changed is taken
	// from there. It makes no difference but for the time that it takes.
	Last *Options
}

// Flag is one option set on the command line.
type Flag struct {
	Name  string // as typed: "--port"
	Key   string // path of the key: "port"
	Value string
}

// Load reads, layers and checks a configuration. Options is nil when the report has errors, and
// whole otherwise. Load creates nothing and changes nothing; it may be called at any time, from any
// goroutine.
func Load(src Source) (*Options, *Report) { return loadWith(&decoder{}, src, syntax.Disk{}) }

// LoadText is Load with a text in place of what the configuration file holds. Its includes are read
// from where the file is; nothing is read from where [Source].Name may be.
func LoadText(src Source, text string) (*Options, *Report) {
	return loadWith(&decoder{}, src, replaced{path: absolute(src.Path, src.WorkDir), text: text})
}

// replaced is the disk with another text in one file.
type replaced struct {
	syntax.Disk
	path, text string
}

// Read implements [syntax.Files].
func (r replaced) Read(name string) (string, error) {
	if absolute(name, "") == r.path {
		return r.text, nil
	}
	return r.Disk.Read(name)
}

// Exists implements [syntax.Files].
func (r replaced) Exists(name string) bool {
	return absolute(name, "") == r.path || r.Disk.Exists(name)
}

// loadWith is Load with a new decoder, and with files that need not be on a disk.
func loadWith(d *decoder, src Source, files syntax.Files) (*Options, *Report) {
	if src.Env == nil {
		src.Env = os.LookupEnv
	}
	tree, err := registry()
	d.begin(src, tree, files)
	report := &Report{Source: func(Pos) string { return "" }}
	if err != nil {
		d.errorAt(Pos{}, "", "internal: %s", err)
		report.Problems = d.list
		return nil, report
	}
	o := &Options{ConfigFile: src.Path, Shown: d.shown(), LoadedAt: time.Now(), Archive: d.archive}
	root := newBlock(d, tree, "", Pos{})
	d.root = root
	d.readFile(root, o, report)
	o.Values = d.layer(root)
	if !d.broken {
		d.sections(root, o)
	}
	o.refusals = sortProblems(d.refusals, d.shown())
	report.Problems = sortProblems(d.list, d.shown())
	if len(report.Errors()) > 0 {
		return nil, report
	}
	return o, report
}

func (d *decoder) begin(src Source, tree *node, files syntax.Files) {
	d.src, d.tree, d.archive, d.known = src, tree, &Archive{src: src}, knownUsers(src.Last)
	d.archive.src.Last = nil
	d.files = recorder{files, d.archive}
}

// sections lets every section take its values, then checks the rules across options.
func (d *decoder) sections(root *block, o *Options) {
	for _, s := range sections() {
		s.decode(root, o)
	}
	for _, s := range sections() {
		if s.check != nil {
			s.check(root, o)
		}
	}
	d.pending(root)
	d.effective(root, o.Values)
	o.Contents = map[string]Content{}
	d.contents(root, o.Contents)
}

// readFile parses the file and puts its checked values into root.
func (d *decoder) readFile(root *block, o *Options, report *Report) {
	root.present = true
	if d.src.Path == "" {
		return
	}
	file, problems := syntax.ParseFrom(d.files, d.path(d.src.Path), d.src.Name, d.src.Env)
	d.list = append(d.list, problems...)
	if file == nil {
		return
	}
	report.Source = file.Source
	o.Digest = file.Digest
	if file.Root == nil {
		return
	}
	o.Files, o.Patterns = file.Files, file.Patterns
	root.pos = Pos{File: d.shown()}
	if len(file.Root.Entries) == 0 && len(problems) == 0 {
		d.warnAt(root.pos, "", "config has no values or is empty")
	}
	d.table(root, file.Root)
	d.broken = slices.ContainsFunc(problems, isError)
	d.list = slices.Concat(problems, dropEchoes(d.list[len(problems):], problems))
}

// dropEchoes leaves out what was found on lines that the parser could not read: it would follow
// from the same mistake.
func dropEchoes(found, syntaxErrors []syntax.Problem) []syntax.Problem {
	type line struct {
		file string
		line int
	}
	broken := map[line]bool{}
	for _, p := range syntaxErrors {
		if !p.Warning {
			broken[line{p.Pos.File, p.Pos.Line}] = true
		}
	}
	return slices.DeleteFunc(found, func(p syntax.Problem) bool { return broken[line{p.Pos.File, p.Pos.Line}] })
}

// path resolves a path of the configuration against the working directory of the Source.
func (d *decoder) path(p string) string {
	if p == "" || d.src.WorkDir == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(d.src.WorkDir, p)
}

// shown is what places in the configuration file are shown under.
func (d *decoder) shown() string { return cmp.Or(d.src.Name, d.path(d.src.Path)) }

// pending reports the keys whose feature is not built, outermost only.
func (d *decoder) pending(b *block) {
	for _, n := range b.node.children {
		k := n.key
		l, s := b.leaves.get(n.name), b.blocks.get(n.name)
		switch {
		case k.Pending == "" && s != nil:
			d.pending(s)
		case k.Pending == "":
			for _, item := range b.lists.get(n.name) {
				d.pending(item)
			}
			for _, nv := range b.named.get(n.name).values {
				if nv.Block != nil {
					d.pending(nv.Block)
				}
			}
		case l != nil && idleValue(l.value, k.Default):
		case l == nil && s == nil && len(b.lists.get(n.name)) == 0 && len(b.named.get(n.name).values) == 0: // not set, or empty
		case s != nil && k.Idle != nil && k.Idle(s):
		case b.has(n.name):
			d.isPending(b, n)
		}
	}
}

// idleValue tells that a value asks for nothing: it is off, empty or, if it is no switch, the default.
func idleValue(v, def any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case []string:
		return len(v) == 0
	}
	return v == def
}

func (d *decoder) isPending(b *block, n *node) {
	pos, path := b.place(n.name), join(b.path, n.name)
	from := ""
	if l := b.leaves.get(n.name); l != nil && l.origin.Layer > FromFile {
		from = l.origin.Name + ": "
	}
	if !n.key.Refuse {
		d.warnAt(pos, path, "%s%s has no effect: this version of natsd does not have %s yet", from, path, n.key.Pending)
		return
	}
	d.refusals = append(d.refusals, syntax.Problem{
		Pos: pos, Key: path,
		Message: from + path + " cannot be served: this version of natsd does not have " + n.key.Pending + " yet, and will not start as if the key were not there",
	})
	d.warnAt(pos, path, "%s%s is valid, but this version of natsd does not have %s yet and refuses to start with it", from, path, n.key.Pending)
}

// effective fills in the values: what sections read, defaults included, secrets redacted. Keys of
// blocks that are not configured are left out.
func (d *decoder) effective(root *block, values map[string]Value) {
	for path, v := range values {
		n := d.find(path)
		b := root.at(path)
		if b == nil {
			delete(values, path)
			continue
		}
		v.Value = b.value(n.name)
		if n.key.Secret && v.Value != nil {
			v.sum, v.Value = sumOf(v.Value), redacted
		}
		if text, ok := v.Value.(string); ok && strings.Contains(text, "://") && strings.Contains(text, "@") {
			v.sum, v.Value = sumOf(text), maskCredentials(text)
		}
		if list, ok := v.Value.([]string); ok {
			v.Value = slices.Clone(list)
		}
		values[path] = v
	}
}

// at returns the block that holds the key with a static path, nil when it is not configured.
func (b *block) at(path string) *block {
	for {
		i := strings.IndexByte(path, '.')
		if i < 0 {
			return b
		}
		if b = b.blocks.get(path[:i]); b == nil || !b.present {
			return nil
		}
		path = path[i+1:]
	}
}

// Refusals lists the keys whose feature this version does not have and without which the server
// would do something else than configured. A start must refuse when there are any; a configuration
// test shows them as warnings, which the Report holds already.
func (o *Options) Refusals() []syntax.Problem { return slices.Clone(o.refusals) }
