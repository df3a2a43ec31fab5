package main

import (
	"context"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/charmbracelet/x/term"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/contexts"
	"natsd/internal/ctl/output"
)

// app is one run of the program. What a test replaces is a field.
type app struct {
	in       io.Reader
	out, err io.Writer
	environ  []string // NAME=value, for configurations that are read here
	places   client.Places
	file     func() (string, error) // path of the file of contexts
	width    func() int             // of a line of the output; 0 is no limit
	zone     *time.Location         // in which times are shown; nil is the local one

	set      settings         // as flags, environment and context say
	contexts *contexts.File   // loaded with the settings
	opened   []*client.Client // by servers, in the order of the flags
	printer  *output.Printer  // for results
	progress func() io.Writer // where progress is drawn; nil when nobody looks
}

func newApp(in io.Reader, out, err io.Writer) *app {
	a := &app{in: in, out: out, err: err, environ: os.Environ(), places: client.DefaultPlaces(), file: contexts.DefaultPath}
	a.width = a.columns
	a.progress = func() io.Writer {
		if isTerminal(a.err) {
			return a.err
		}
		return nil
	}
	return a
}

// run is the whole program. It returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	if args == nil {
		args = []string{} // cobra takes nil for "use os.Args"
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	for _, c := range a.opened {
		c.Close()
	}
	return a.report(ctx, cmd.CommandPath(), err)
}

// isTerminal tells that somebody looks at what is written there, or types what is read.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// columns is the number of cells in a line of the output: of the terminal, or as COLUMNS says. It is 0,
// no limit, when a program reads.
func (a *app) columns() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	f, ok := a.out.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return 0
	}
	w, _, err := term.GetSize(f.Fd())
	if err != nil || w <= 0 {
		return 80
	}
	return w
}
