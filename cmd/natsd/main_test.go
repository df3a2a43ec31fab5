package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"natsd": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit1": wantExit(exitFail),
			"exit2": wantExit(exitUsage),

			"waitlog": waitLog,
		},
	})
}

// wantExit is a script command that runs a program and expects one exit code, which a plain '!' does
// not tell from another.
func wantExit(code int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		err := ts.Exec(args[0], args[1:]...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != code {
			ts.Fatalf("%v: want exit code %d, got %v", args, code, err)
		}
	}
}

// waitLog is a script command that waits until a file holds a line that matches.
func waitLog(ts *testscript.TestScript, _ bool, args []string) {
	const patience = 20 * time.Second
	file, want := ts.MkAbs(args[0]), regexp.MustCompile(args[1])
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if err == nil && want.Match(text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: no %q within %s:\n%s", args[0], args[1], patience, text)
		}
	}
}
