package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// config edit: an editor, the plan, a question, and only then the file and the server change.
func TestEditOnATerminal(t *testing.T) {
	t.Parallel()
	s, address := live(t, canaryConf)
	before := readConfig(t, s)
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\necho 'max_payload: 4096' >> \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		answer string
		done   bool
	}{{"n\n", false}, {"y\n", true}} {
		tty, out, cmd := terminalEnv(t, []string{"EDITOR=" + editor, "VISUAL="}, "config", "edit", "-s", address)
		out.wait(t, "max_payload: 1048576 -> 4096")
		out.wait(t, "put it into force? [y/N]")
		_, _ = io.WriteString(tty, c.answer)
		if err := cmd.Wait(); (err == nil) != c.done {
			t.Errorf("%q: %v\n%s", c.answer, err, out)
		}
		after := readConfig(t, s)
		if (after != before) != c.done || c.done && !strings.HasSuffix(after, "max_payload: 4096\n") {
			t.Errorf("%q: the file is %q", c.answer, after)
		}
		want := map[bool]string{false: "1048576\n", true: "4096\n"}[c.done]
		if got := try(t, "varz", "-o", "jsonpath=.max_payload", "-s", address); got.out != want {
			t.Errorf("%q: %+v", c.answer, got)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(s.Config), ".natsctl*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
