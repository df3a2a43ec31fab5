package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"natsd/test/harness"
)

// The scripts run natsctl against a natsd, or against a nats-server ($PEER), as a user would.
func TestScripts(t *testing.T) {
	t.Parallel()
	natsd := harness.Binary(t, harness.Natsd)
	peer, _ := exec.LookPath("nats-server") // scripts that need it are skipped without
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(natsd)+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("PEER", peer)
			e.Setenv("TZ", "UTC")
			e.Setenv("COLUMNS", "80")
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "xdg"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "peer" {
				return peer != "", nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": wantExit, "waitfor": waitFor, "port": portOf,
		},
	})
}

// wantExit is a script command that runs a program and expects one exit code, which a plain '!' does
// not tell from another: exit 7 natsctl reload.
func wantExit(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, want %d", args[1:], got, want)
	}
}

// waitFor is a script command that waits until a file holds a line that matches.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	const patience = 30 * time.Second
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

// portOf is a script command that sets a variable to what the last group of a pattern matches in a
// file: port HTTP natsd.log 'monitor on 127.0.0.1:(\d+)'.
func portOf(ts *testscript.TestScript, neg bool, args []string) {
	waitFor(ts, neg, args[1:])
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	ts.Setenv(args[0], strings.TrimSpace(found[len(found)-1]))
}
