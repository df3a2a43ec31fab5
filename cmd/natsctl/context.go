package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/contexts"
	"natsd/internal/ctl/output"
)

func (a *app) contextCommand() *cobra.Command {
	return group("context", "Name servers, and choose one to talk to",
		a.contextAddCommand(), a.contextListCommand(), a.contextUseCommand(), a.contextShowCommand(), a.contextRemoveCommand(), a.contextImportCommand(),
	)
}

// stored returns the file of contexts.
func (a *app) stored() (*contexts.File, error) {
	if a.contexts == nil {
		return nil, errors.New("there is no folder for configuration: set XDG_CONFIG_HOME or HOME")
	}
	return a.contexts, nil
}

func (a *app) contextAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Remember a server under a name",
		Long:    `Remember a server under a name, with what the other flags say. The first one becomes the current one.`,
		Example: "  natsctl context add prod --server https://nats.example:8223 --token-file ~/.nats.token\n  natsctl context add old --server http://10.0.0.5:8222 --compat",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := a.stored()
			if err != nil {
				return err
			}
			fs := cmd.Flags()
			text := func(flag string) string {
				if fs.Changed(flag) {
					return fs.Lookup(flag).Value.String()
				}
				return ""
			}
			c := contexts.Context{
				Name: args[0], Description: text("description"), Token: text(setToken), TokenFile: absolute(text(setTokenFile)),
				TLSCA: absolute(text(setTLSCA)), TLSCert: absolute(text(setTLSCert)), TLSKey: absolute(text(setTLSKey)),
				Insecure: fs.Changed(setInsecure) && a.set.insecure, Compat: fs.Changed(setCompat) && a.set.compat,
				Timeout: text(setTimeout), Output: text(setOutput),
			}
			switch {
			case !fs.Changed(setServer) || len(a.set.servers) != 1:
				return usage("name one server with --server")
			default:
				t, err := client.ParseTarget(a.set.servers[0])
				if err != nil {
					return usage("--server: %s", err)
				}
				c.Server = t.String()
			}
			if _, exists := file.Get(c.Name); exists {
				if err := a.confirm("Replace the context %s", c.Name); err != nil {
					return err
				}
			}
			if err := file.Put(c); err != nil {
				return usage("%s", err)
			}
			if a.set.dryRun {
				return nil
			}
			return file.Save()
		},
	}
	cmd.Flags().String("description", "", "what it is")
	return cmd
}

// absolute makes a path of a context good for every folder.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

var contextView = output.View{Items: ".", Name: "name", Trim: true, Empty: "no contexts yet: natsctl context add NAME --server URL", Columns: []output.Column{
	{Title: "", Value: func(row any) any {
		if output.Get(row, "current") == true {
			return "*"
		}
		return nil
	}},
	{Title: "NAME", Path: "name"},
	{Title: "SERVER", Path: "server", Keep: 16},
	{Title: "COMPAT", Path: "compat"},
	{Title: "DESCRIPTION", Path: "description", Keep: 10},
	{Title: "TOKEN_FILE", Path: "token_file", Wide: true},
}}

// listed is a context as it is shown: without its token.
type listed struct {
	contexts.Context
	Current  bool `json:"current"`
	HasToken bool `json:"has_token"`
}

func (a *app) showContexts(list []contexts.Context, view output.View) error {
	rows := make([]listed, len(list))
	for i, c := range list {
		rows[i] = listed{Context: c, Current: c.Name == a.contexts.Current, HasToken: c.Token != "" || c.TokenFile != ""}
	}
	body, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("show the contexts: %w", err)
	}
	return a.printer.Print(body, view)
}

func (a *app) contextListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "All contexts; the current one has a star",
		RunE: func(*cobra.Command, []string) error {
			file, err := a.stored()
			if err != nil {
				return err
			}
			return a.showContexts(file.Contexts, contextView)
		},
	}
}

// named finds a context by name.
func (a *app) named(name string) (contexts.Context, error) {
	file, err := a.stored()
	if err != nil {
		return contexts.Context{}, err
	}
	c, ok := file.Get(name)
	if !ok {
		fmt.Fprintf(a.err, "natsctl: there is no context %q\n", name)
		return c, outcome(exitNotFound)
	}
	return c, nil
}

func (a *app) contextShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show [NAME]", Short: "One context, the current one without a name; the token itself is not shown",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: a.completeContexts,
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := a.stored()
			if err != nil {
				return err
			}
			c, err := a.named(append(args, file.Current)[0])
			if err != nil {
				return err
			}
			view := output.View{Rows: func(answer any) []any { list, _ := answer.([]any); return list }, Name: "name"}
			if !a.set.format.Machine() {
				view = output.View{}
			}
			return a.showContexts([]contexts.Context{c}, view)
		},
	}
}

func (a *app) contextUseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Make a context the current one; - makes none current",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeContexts,
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := a.stored()
			if err != nil {
				return err
			}
			if args[0] == "-" {
				file.Current = ""
				return file.Save()
			}
			c, err := a.named(args[0])
			if err != nil {
				return err
			}
			file.Current = c.Name
			return file.Save()
		},
	}
}

func (a *app) contextRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Aliases: []string{"rm"}, Short: "Forget a context",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeContexts,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.named(args[0])
			if err != nil {
				return err
			}
			if err := a.confirm("Forget the context %s", c.Name); err != nil || a.set.dryRun {
				return err
			}
			a.contexts.Remove(c.Name)
			return a.contexts.Save()
		},
	}
}

func (a *app) contextImportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "import-nats [FOLDER]", Short: "Take over the contexts of the nats command",
		Long: `Take over the contexts of the nats command. They name the port for clients, so the server becomes port
8223, the usual one of the admin API, on the same host. Contexts that exist already stay as they are.`,
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := a.stored()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				dir, err := contexts.NATSDir()
				if err != nil {
					return err
				}
				args = []string{dir}
			}
			if _, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("read the contexts of the nats command: %w", err)
			}
			found, err := contexts.ImportNATS(args[0])
			if err != nil {
				return err
			}
			taken := 0
			for _, c := range found {
				if _, exists := file.Get(c.Name); exists || c.Server == "" {
					a.note("%s: left out", c.Name)
					continue
				}
				if err := file.Put(c); err != nil {
					a.note("%s: %s", c.Name, err)
					continue
				}
				taken++
			}
			a.note("%d contexts taken over", taken)
			if taken == 0 || a.set.dryRun {
				return nil
			}
			return file.Save()
		},
	}
}
