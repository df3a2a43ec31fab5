package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// docs/natsctl.md says what the commands say.
func TestReference(t *testing.T) {
	t.Parallel()
	const path = "../../docs/natsctl.md"
	got := try(t, "docs", "markdown")
	if got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got.out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(want, []byte(got.out)) {
		t.Errorf("%s is not what the commands say (%v); run: go test ./cmd/natsctl -run TestReference -update", path, err)
	}
}

func TestManPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if got := try(t, "docs", "man", dir); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	text, err := os.ReadFile(filepath.Join(dir, "natsctl-connz.1"))
	if err != nil || !strings.Contains(string(text), "bytes_to") {
		t.Errorf("%v", err)
	}
}

// each visits every command.
func each(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, c := range cmd.Commands() {
		each(c, visit)
	}
}

// Every command says in one line what it does; every flag says what it is.
func TestEveryCommandIsDescribed(t *testing.T) {
	t.Parallel()
	root := newApp(strings.NewReader(""), io.Discard, io.Discard).root()
	flagIn := regexp.MustCompile(`(?m)(?:^|\s)--([a-z][a-z-]+)`)
	each(root, func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: %q is no description", c.CommandPath(), c.Short)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s: no description", c.CommandPath(), f.Name)
			}
		})
		if c.Runnable() && !c.HasSubCommands() && c.Example == "" && c.Parent().Name() != "completion" && c.Name() != "help" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		var help strings.Builder
		c.SetOut(&help)
		if err := c.Help(); err != nil {
			t.Errorf("%s: %v", c.CommandPath(), err)
		}
		for line := range strings.Lines(help.String()) {
			if w := ansi.StringWidth(strings.TrimRight(line, "\n")); w > 108 && c.Parent() != nil && c.Parent().Name() != "completion" {
				t.Errorf("%s: a line of %d cells in the help: %s", c.CommandPath(), w, line)
			}
		}
		// What examples show is there.
		for line := range strings.Lines(c.Example) {
			if !strings.HasPrefix(strings.TrimSpace(line), name+" ") {
				continue
			}
			words := strings.Fields(line)[1:]
			target, _, err := root.Find(words)
			if err != nil || target == root {
				t.Errorf("%s: example of an unknown command: %s", c.CommandPath(), line)
				continue
			}
			for _, m := range flagIn.FindAllStringSubmatch(line, -1) {
				if target.Flag(m[1]) == nil && root.PersistentFlags().Lookup(m[1]) == nil {
					t.Errorf("%s: example with an unknown flag --%s", c.CommandPath(), m[1])
				}
			}
		}
	})
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := try(t, "completion", shell); got.code != exitOK || !strings.Contains(got.out, "natsctl") {
			t.Errorf("%s: exit code %d", shell, got.code)
		}
	}
	server := recorded(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"connz", "--sort", ""}, "bytes_to"},
		{[]string{"connz", "--state", ""}, "closed"},
		{[]string{"connz", "--compat", "-s", server, "--acc", ""}, "APP"},
		{[]string{"conn", "get", "--compat", "-s", server, ""}, "26\tbob-plain"},
		{[]string{"kick", "--compat", "-s", server, "--account", ""}, "OTHER"},
		{[]string{"varz", "-o", ""}, "yaml"},
		{[]string{"explain", "ping_"}, "ping_interval"},
		{[]string{"health", ""}, "startup"},
		{[]string{"log", "level", ""}, "debug"},
		{[]string{"top", "--view", ""}, "slow"},
		{[]string{"api", ""}, "PATCH"},
	} {
		got := try(t, append([]string{"__complete"}, c.args...)...)
		if !strings.Contains(got.out, c.want) {
			t.Errorf("%v: %q is not offered: %+v", c.args, c.want, got)
		}
	}
	// A server that does not answer helps nobody, and says nothing.
	if got := try(t, "__complete", "conn", "get", ""); got.code != exitOK || strings.Contains(got.out, "error") {
		t.Errorf("%+v", got)
	}
}
