package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"natsd/internal/version"
)

func (a *app) docsCommand() *cobra.Command {
	return group("docs", "The reference of all commands, as man pages or Markdown",
		&cobra.Command{
			Use: "markdown", Short: "All commands on one page of Markdown",
			RunE: func(cmd *cobra.Command, _ []string) error { return writeReference(a.out, cmd.Root()) },
		},
		&cobra.Command{
			Use: "man FOLDER", Short: "A man page for each command, into a folder", Args: cobra.ExactArgs(1), ValidArgsFunction: completeFiles,
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // man pages are for everybody
					return fmt.Errorf("make the folder: %w", err)
				}
				// The date is fixed, so that the same source makes the same pages.
				date := time.Unix(0, 0).UTC()
				header := &doc.GenManHeader{Title: "NATSCTL", Section: "1", Source: "natsd " + version.Natsd, Manual: "natsd", Date: &date}
				root := cmd.Root()
				root.DisableAutoGenTag = true
				if err := doc.GenManTree(root, header, args[0]); err != nil {
					return fmt.Errorf("write the man pages: %w", err)
				}
				return nil
			},
		},
	)
}

// writeReference writes all commands on one page.
func writeReference(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	b.WriteString(referenceIntro)
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, "| **%s** | |\n", strings.TrimSuffix(g.Title, ":"))
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && !c.Hidden {
				fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", c.Name(), anchor(c), cell(c.Short))
			}
		}
	}
	b.WriteString("\n## Flags of all commands\n\n")
	writeFlags(&b, root.PersistentFlags())
	for _, c := range root.Commands() {
		if !c.Hidden {
			writeCommand(&b, c)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell makes a text fit for a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "|", "\\|"), "\n", " ")
}

func anchor(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

func writeCommand(b *strings.Builder, c *cobra.Command) {
	level := strings.Repeat("#", 1+strings.Count(c.CommandPath(), " "))
	fmt.Fprintf(b, "\n%s %s\n\n", level, c.CommandPath())
	text := c.Long
	if text == "" || c.Name() == "completion" || c.Parent().Name() == "completion" {
		text = c.Short + "."
	}
	b.WriteString(text + "\n")
	if c.Runnable() && !c.HasSubCommands() || c.Flags().HasFlags() {
		fmt.Fprintf(b, "\n```\n%s\n```\n", c.UseLine())
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\nExamples:\n\n```\n%s\n```\n", unindented(c.Example))
	}
	if c.LocalNonPersistentFlags().HasAvailableFlags() {
		b.WriteByte('\n')
		writeFlags(b, c.LocalNonPersistentFlags())
	}
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			writeCommand(b, sub)
		}
	}
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

func writeFlags(b *strings.Builder, fs *pflag.FlagSet) {
	b.WriteString("| Flag | Meaning |\n|---|---|\n")
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		usage := cell(f.Usage)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
			usage += " (" + f.DefValue + ")"
		}
		fmt.Fprintf(b, "| %s | %s |\n", cell(name), usage)
	})
}

const referenceIntro = `# natsctl

Generated from the commands. Do not edit: change cmd/natsctl, then run
` + "`go test ./cmd/natsctl -run TestReference -update`" + `.

natsctl shows and changes what natsd servers do. It finds the server on this host by itself: the unix socket in
` + "`/run/natsd`, `$XDG_RUNTIME_DIR/natsd` or `natsd-UID`" + ` below the temporary folder, else port 8223, else the monitoring
port 8222, read-only. Several servers on one host: it lists them, and ` + "`--server`" + ` chooses.

A flag beats the environment (` + "`NATSCTL_SERVER`, `NATSCTL_TOKEN`" + `, …), that beats the context
(` + "`natsctl context`" + `). Results go to the output, everything else to the error output. Tables fit the terminal and
shorten numbers; ` + "`-o wide`, `csv` and `json`" + ` do not. JSON is the answer of the server as it came. ` + "`NO_COLOR`" + ` is
honoured. Nothing is asked without a terminal: ` + "`--yes`" + ` answers then.

| Exit code | Meaning |
|---|---|
| 0 | done; no difference; healthy |
| 1 | refused, or failed |
| 2 | the command line is wrong |
| 3 | no server, or no answer in time |
| 4 | not known to the server, or not allowed |
| 5 | not found |
| 6 | the configuration is wrong |
| 7 | a conflict: something else is under way, or has changed meanwhile |
| 8 | there are differences (` + "`config diff`, `config fmt --check`, `reload --dry-run --exit-code`" + `) |
| 9 | not healthy |
| 130 | interrupted |

` + "`natsctl check`" + ` has the codes of Nagios in their place: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.

## Commands

| Command | Does |
|---|---|
`
