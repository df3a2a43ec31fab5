package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// helpWidth is how wide a help text may be.
const helpWidth = 80

// writeUsage writes how a command is used: its line, examples, commands and flags. The flags that all
// commands have are shown once, with the program's own help.
func writeUsage(cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", cmd.CommandPath())
	}
	if cmd.HasParent() && (!cmd.HasAvailableSubCommands() || cmd.LocalNonPersistentFlags().HasAvailableFlags()) {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&b, "\nAlso:\n  %s\n", strings.Join(cmd.Aliases, ", "))
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	writeChildren(&b, cmd)
	if flags := cmd.LocalFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&b, "\nFlags:\n%s", flags.FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasParent() {
		fmt.Fprintf(&b, "\n%s --help shows the flags of all commands: --server, --output, --watch, --dry-run, …\n", name)
	}
	_, err := io.WriteString(cmd.OutOrStderr(), b.String())
	return err
}

// writeChildren lists the commands below, in their groups if they have any.
func writeChildren(b *strings.Builder, cmd *cobra.Command) {
	list := func(title, group string) {
		var rows []string
		for _, c := range cmd.Commands() {
			if c.GroupID == group && (c.IsAvailableCommand() || c.Name() == "help") {
				rows = append(rows, fmt.Sprintf("  %-*s %s\n", cmd.NamePadding()+1, c.Name(), c.Short))
			}
		}
		if len(rows) > 0 {
			b.WriteString("\n" + title + "\n" + strings.Join(rows, ""))
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	list("Commands:", "")
}
