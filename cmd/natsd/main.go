package main

import (
	"context"
	"io"
	"os"
)

func main() {
	args := takeArgs(os.Args)
	os.Exit(newProgram(os.Stdout, os.Stderr).run(context.Background(), args))
}

// Exit codes.
const (
	exitOK    = 0
	exitFail  = 1 // the configuration is wrong, or the server could not run
	exitUsage = 2 // the command line is wrong
)

// program is one run of the command. What a test replaces is a field.
type program struct {
	out, err io.Writer
	environ  []string
	name     string // how the program calls itself in messages
	exe      string // name of the executable, by which its processes are found
	proc     string // where running processes are listed
	load     loadFunc
	serve    serveFunc
}

func newProgram(out, err io.Writer) *program {
	const name = "natsd"
	return &program{
		out: out, err: err, environ: os.Environ(),
		name: name, exe: programName(name), proc: "/proc",
		load: loadConfig, serve: newServer,
	}
}
