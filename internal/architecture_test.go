package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers is the architecture: a package may import packages of lower layers, and nothing else of
// natsd. Packages of one layer do not know each other. docs/architecture.md draws the same picture.
var layers = [][]string{
	// Pure: bytes and names.
	{"internal/buffer", "internal/glob", "internal/header", "internal/nuid", "internal/subject", "internal/topn", "internal/version", "internal/transport/proxyproto"},
	{"internal/interest", "internal/outbound", "internal/wire"},
	{"internal/staged"},
	// What one part of the server needs, without the others.
	{"internal/admin/api", "internal/admin/filter", "internal/certs", "internal/config/syntax", "internal/perm", "internal/process", "internal/status", "internal/task"},
	{"internal/admin/audit", "internal/ban", "internal/event", "internal/logging", "internal/transport/stream"},
	{"internal/transport/tcp", "internal/transport/s2conn"},
	{"internal/transport/tlsconn"},
	// The snapshot that everything above works from.
	{"internal/config"},
	// How the snapshot is replaced.
	{"internal/config/convert", "internal/reload", "internal/reload/watch"},
	// What came of that, for the admin API and its clients.
	{"internal/admin/report"},
	// The hub, and who may connect to it.
	{"internal/auth", "internal/broker"},
	{"internal/conn"},
	// Kinds of connections.
	{"internal/link/peer"},
	{"internal/link/client", "internal/link/route"},
	{"internal/monitor"},
	{"internal/metrics"},
	// What answers from the state of the server: operators, and services without a socket.
	{"internal/admin", "internal/system"},
	{"internal/server"},
	// The programs. What natsctl is made of knows servers from outside only.
	{"internal/ctl/client", "internal/ctl/contexts", "internal/ctl/output"},
	{"internal/ctl/plan", "internal/ctl/top"},
	{"cmd/natsd", "cmd/natsctl"},
	// Black-box tests.
	{"test/harness", "test/inside"},
	{"test/abuse", "test/client", "test/cluster", "test/compare", "test/reload", "test/system", "test/transcript"},
}

// silent packages are the hot path and its rules: they do no I/O, write no log and have no state of
// their own in the system.
var silent = layers[:2]

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	level := make(map[string]int)
	for i, layer := range layers {
		for _, pkg := range layer {
			level[pkg] = i
		}
	}
	all := packages(t)
	for pkg := range level {
		if all[pkg] == nil {
			t.Errorf("%s has a layer and no code", pkg)
		}
	}
	for pkg, files := range all {
		own, ok := level[pkg]
		if !ok {
			t.Errorf("%s has no layer: give it one in this file and in docs/architecture.md", pkg)
			continue
		}
		for _, f := range files {
			for _, imported := range imports(f) {
				below, ok := strings.CutPrefix(imported, "natsd/")
				if other, known := level[below]; ok && known && other >= own {
					t.Errorf("%s: %s (layer %d) imports %s (layer %d)", f.name, pkg, own, below, other)
				}
			}
		}
	}
}

func TestHotPathIsSilent(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, pkg := range slices.Concat(silent...) {
		for _, f := range all[pkg] {
			for _, imported := range imports(f) {
				switch imported {
				case "log", "log/slog", "os", "net/http":
					t.Errorf("%s imports %s", f.name, imported)
				}
			}
		}
	}
}

// What natsctl is made of knows servers from outside: the types of the API, and configuration files.
func TestClientsStayOutside(t *testing.T) {
	t.Parallel()
	may := []string{"internal/admin/api", "internal/admin/report", "internal/config", "internal/config/convert", "internal/config/syntax", "internal/reload", "internal/staged", "internal/version"}
	for pkg, files := range packages(t) {
		if pkg != "cmd/natsctl" && !strings.HasPrefix(pkg, "internal/ctl/") {
			continue
		}
		for _, f := range files {
			for _, imported := range imports(f) {
				below, ok := strings.CutPrefix(imported, "natsd/")
				if ok && !slices.Contains(may, below) && !strings.HasPrefix(below, "internal/ctl/") {
					t.Errorf("%s: %s imports %s", f.name, pkg, below)
				}
			}
		}
	}
}

func TestEachPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for pkg, files := range packages(t) {
		if !slices.ContainsFunc(files, func(f file) bool { return f.ast.Doc != nil }) {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

// Every goroutine has an owner that waits for it: package task starts them all.
func TestGoroutinesHaveOwners(t *testing.T) {
	t.Parallel()
	for pkg, files := range packages(t) {
		if pkg == "internal/task" || strings.HasPrefix(pkg, "test/") {
			continue
		}
		for _, f := range files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok {
					t.Errorf("%s: go statement outside package task", f.set.Position(g.Pos()))
				}
				return true
			})
		}
	}
}

// Only main ends the process: nothing below it exits or panics on purpose.
func TestNobodyEndsTheProcess(t *testing.T) {
	t.Parallel()
	for pkg, files := range packages(t) {
		if !strings.HasPrefix(pkg, "internal/") || pkg == "internal/task" {
			continue // task raises again what a task has raised
		}
		for _, f := range files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch fun := call.Fun.(type) {
				case *ast.Ident:
					if fun.Name == "panic" && fun.Obj == nil {
						t.Errorf("%s: panic", f.set.Position(call.Pos()))
					}
				case *ast.SelectorExpr:
					if x, ok := fun.X.(*ast.Ident); ok && x.Name == "os" && fun.Sel.Name == "Exit" {
						t.Errorf("%s: os.Exit", f.set.Position(call.Pos()))
					}
				}
				return true
			})
		}
	}
}

// file is one parsed source file.
type file struct {
	name string
	set  *token.FileSet
	ast  *ast.File
}

func imports(f file) []string {
	paths := make([]string, 0, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// packages parses all source files that are not tests, for every platform, by package path below the
// module.
func packages(t *testing.T) map[string][]file {
	t.Helper()
	found := make(map[string][]file)
	for _, root := range []string{"internal", "cmd", "test"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return filepath.SkipDir
			case d.IsDir(), filepath.Ext(path) != ".go", strings.HasSuffix(path, "_test.go"):
				return nil
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			pkg := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."+string(filepath.Separator)))
			found[pkg] = append(found[pkg], file{name: path, set: set, ast: parsed})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) == 0 {
		t.Fatal("no packages found")
	}
	return found
}
