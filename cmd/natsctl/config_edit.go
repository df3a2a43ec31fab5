package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
)

func (a *app) configEditCommand() *cobra.Command {
	return &cobra.Command{
		Use: "edit [FILE]", Short: "Edit the file of the server on this host, see the plan, put it into force",
		Long: `Edit the configuration file of the server on this host. A copy is opened in $VISUAL or $EDITOR; what
comes of it is checked and compared with what is in force, and only after a yes it takes the place of
the file and is loaded. FILE is one of natsctl config files; without it it is the main one.`,
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error { return a.edit(cmd.Context(), args) },
	}
}

func (a *app) edit(ctx context.Context, args []string) error {
	if !isTerminal(a.in) {
		return usage("config edit needs a terminal")
	}
	c, err := a.client(ctx)
	if err != nil {
		return err
	}
	var files []api.File
	if err := c.JSON(ctx, client.Request{Path: "/config/files"}, &files); err != nil {
		return err
	}
	switch {
	case !strings.HasPrefix(c.Target().String(), "unix:"):
		return usage("config edit needs the server on this host: over the network secrets are hidden; use config apply FILE")
	case len(files) == 0:
		return errors.New("this server runs without a configuration file")
	case len(args) == 0:
		args = []string{files[0].Path}
	}
	file, err := filepath.Abs(args[0])
	if err != nil {
		return fmt.Errorf("find %s: %w", args[0], err)
	}
	before, err := a.readFile(file)
	if err != nil {
		return err
	}
	after, err := a.edited(ctx, file, before)
	if err != nil {
		return err
	}
	if string(after) == string(before) {
		a.note("nothing was changed")
		return nil
	}
	if file == files[0].Path {
		if err := a.plan(ctx, textDiff(file, after), false, 0); err != nil {
			return a.withLines(err, file, after)
		}
	}
	if err := a.confirm("Write %s and put it into force", file); err != nil || a.set.dryRun {
		return err
	}
	if err := replaceFile(file, after); err != nil {
		return err
	}
	return a.plan(ctx, client.Request{Method: http.MethodPost, Path: "/reload", Body: api.ReloadRequest{Reason: "config edit"}}, false, 0)
}

// edited opens a copy of a text in the user's editor and returns what it holds afterwards.
func (a *app) edited(ctx context.Context, file string, text []byte) ([]byte, error) {
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	// Beside the original, so that includes mean the same; nobody else may read it.
	tmp, err := os.CreateTemp(filepath.Dir(file), ".natsctl-*-"+filepath.Base(file))
	if err != nil {
		return nil, fmt.Errorf("make a copy to edit: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("make a copy to edit: %w", err)
	}
	words := append(strings.Fields(editor), tmp.Name())
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the user's own editor
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("edit with %s: %w", words[0], err)
	}
	return a.readFile(tmp.Name())
}
