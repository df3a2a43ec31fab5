package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"natsd/internal/ctl/output"
)

// name is how the program calls itself.
const name = "natsctl"

// The groups of commands in the help.
const (
	groupMonitor = "monitor"
	groupConfig  = "config"
	groupConns   = "conns"
	groupCluster = "cluster"
	groupAccess  = "access"
	groupServer  = "server"
	groupClient  = "client"
)

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   name,
		Short: "See and change what natsd servers do",
		Long: `See and change what natsd servers do.

Without --server and --context, natsctl talks to the natsd that runs on this host.
It needs no configuration for that.`,
		Example: `  natsctl connz --sort bytes_to
  natsctl reload --dry-run
  natsctl kick 17 --reason "too loud"
  natsctl top`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.prepare(cmd)
		},
		RunE: unknown,
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetUsageFunc(writeUsage)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%s", err) })
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	addGlobalFlags(root.PersistentFlags())
	a.completeGlobalFlags(root)
	for _, g := range []struct{ id, title string }{
		{groupMonitor, "Look at a server (also at a nats-server, with --compat):"},
		{groupConns, "Connections and subjects:"},
		{groupConfig, "Configuration:"},
		{groupCluster, "Other servers:"},
		{groupAccess, "Accounts and access:"},
		{groupServer, "The server itself:"},
		{groupClient, "natsctl:"},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
	}
	root.SetHelpCommandGroupID(groupClient)
	root.SetCompletionCommandGroupID(groupClient)
	a.addCommands(root)
	wrapArgs(root)
	addExamples(root)
	return root
}

func (a *app) addCommands(root *cobra.Command) {
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupMonitor, a.topCommand(), a.checkCommand(), a.statusCommand(), a.healthCommand(), a.metricsCommand(), a.eventsCommand())
	add(groupMonitor, a.monitorCommands()...)
	add(groupConns, a.connCommand(), a.kickCommand("kick"), a.banCommand(), a.subCommand(), a.subjectCommand(), a.traceCommand())
	add(groupConfig, a.reloadCommand(), a.configCommand(), a.explainCommand())
	add(groupCluster, a.routeCommand(), a.leafCommand(), a.gatewayCommand(), a.clusterCommand())
	add(groupAccess, a.accountCommand(), a.userCommand(), a.authCommand(), a.whoamiCommand(), a.tokenCommand(), a.auditCommand())
	add(groupServer, a.serverCommand(), a.logCommand(), a.lameDuckCommand(), a.shutdownCommand(), a.opCommand(), a.pprofCommand(), a.bundleCommand())
	add(groupClient, a.contextCommand(), a.apiCommand(), a.versionCommand(), a.docsCommand())
}

// prepare reads the settings before a command runs.
func (a *app) prepare(cmd *cobra.Command) error {
	if err := a.resolve(cmd.Flags()); err != nil {
		return err
	}
	a.printer = &output.Printer{
		Out: a.out, Notes: a.err, Format: a.set.format, Fields: a.set.fields, NoHeaders: a.set.noHeaders,
		Width: a.width(), Zone: a.zone, Color: a.set.colored(a.out),
	}
	if a.set.quiet {
		a.printer.Notes = discard{}
	}
	return nil
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, RunE: unknown}
	cmd.AddCommand(commands...)
	return cmd
}

// unknown refuses a word that is no command, or the lack of one.
func unknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		if !cmd.HasParent() {
			return cmd.Help()
		}
		return usage("%s needs one of: %s", cmd.CommandPath(), strings.Join(children(cmd), " "))
	}
	text := fmt.Sprintf("unknown command %q", strings.TrimPrefix(cmd.CommandPath()+" "+args[0], name+" "))
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += ": did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage("%s", text)
}

func children(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// wrapArgs makes what is wrong with the arguments of any command an error of usage.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil && !cmd.HasSubCommands() {
		check = cobra.NoArgs
	}
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage("%s: usage: %s", err, cmd.UseLine())
		}
		return nil
	}
	for _, c := range cmd.Commands() {
		wrapArgs(c)
	}
}

// discard takes what nobody wants to read.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
