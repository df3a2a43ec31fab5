package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// logLevels are the levels that a log can have.
var logLevels = []string{"trace", "debug", "info", "warn", "error"}

var loggingView = output.View{Columns: []output.Column{
	{Title: "Level", Path: "level"},
	{Title: "Debug", Path: "debug"},
	{Title: "Trace", Path: "trace"},
	{Title: "Modules", Value: func(row any) any {
		modules, _ := output.Get(row, "modules").(map[string]any)
		parts := make([]string, 0, len(modules))
		for _, m := range sorted(modules) {
			parts = append(parts, fmt.Sprintf("%s=%v", m, modules[m]))
		}
		return strings.Join(parts, " ")
	}},
	{Title: "Reverts", Path: "revert_at", Kind: output.Time},
	{Title: "By", Path: "changed_by"},
	{Title: "Sample", Path: "sample", Wide: true},
	{Title: "Format", Path: "format"},
	{Title: "To", Path: "destination"},
	{Title: "Lines lost", Path: "lines_dropped"},
}}

func (a *app) logCommand() *cobra.Command {
	level := a.action(action{
		use: "level [LEVEL]", short: "Show or change how much is logged, at once", args: cobra.MaximumNArgs(1), method: http.MethodPut, path: "/logging", view: loggingView,
		long:    "Show or change how much is logged, at once. LEVEL is one of: " + strings.Join(logLevels, " ") + ".",
		example: "  natsctl log level\n  natsctl log level debug --revert-after 10m\n  natsctl log level trace --module client",
		complete: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return logLevels, cobra.ShellCompDirectiveNoFileComp
		},
		fields: []param{
			{flag: "module", help: "of this part of the server only: auth, client, server, …"},
			{flag: "revert-after", help: "go back after this time: 10m"},
		},
		body: func(_ *pflag.FlagSet, args []string, body map[string]any) error {
			module, ok := body["module"].(string)
			delete(body, "module")
			if ok {
				body["modules"] = map[string]any{module: args[0]}
			} else {
				body["level"] = args[0]
			}
			return nil
		},
	})
	change := level.RunE
	level.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return a.show(cmd.Context(), client.Request{Path: "/logging"}, loggingView)
		}
		return change(cmd, args)
	}
	return group("log", "The log: how much, follow it, reopen the file",
		level, a.logTailCommand(),
		a.action(action{use: "reopen", short: "Close the log file and open it again, after it was moved", method: http.MethodPost, path: "/server/reopen-logs", done: "the log file was reopened"}),
	)
}

func (a *app) logTailCommand() *cobra.Command {
	params := []param{
		{flag: "level", help: "the least level", words: logLevels},
		{flag: "module", help: "of this part of the server"},
		{flag: "cid", kind: numberParam, help: "about this connection", offers: offerCIDs},
		{flag: "account", help: "about this account", offers: offerAccounts},
		{flag: "grep", help: "that hold this text"},
	}
	cmd := &cobra.Command{
		Use: "tail", Short: "Follow the log", Example: "  natsctl log tail --level warn\n  natsctl log tail --module auth",
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, _ := cmd.Flags().GetInt("limit")
			return a.stream(cmd.Context(), "/logging/stream", query(cmd.Flags(), params), limit, a.logLine)
		},
	}
	a.addParams(cmd, params)
	cmd.Flags().IntP("limit", "n", 0, "end after so many lines")
	return cmd
}

// logLine shows a line of the log to people; programs get it as it came.
func (a *app) logLine(text []byte) (string, error) {
	if a.set.format.Lines() {
		return string(text), nil
	}
	var line api.LogLine
	if err := json.Unmarshal(text, &line); err != nil {
		return "", fmt.Errorf("the server sent no line of a log: %w", err)
	}
	severity := map[string]string{"warn": api.EventWarning, "error": api.EventError, "fatal": api.EventError}[line.Level]
	return fmt.Sprintf("%s %s %-8s %s", a.clock(line.Time.Format(time.RFC3339Nano)), a.severity(severity, fmt.Sprintf("%-5s", line.Level)),
		output.Clean(line.Module), output.Clean(line.Text)), nil
}

func (a *app) traceCommand() *cobra.Command {
	return group("trace", "Record the protocol of chosen connections, for a while",
		a.action(action{
			use: "start", short: "Begin to record", method: http.MethodPost, path: "/traces",
			example: "  natsctl trace start --user bob --duration 60s --max-lines 1000",
			fields: append(append([]param{}, traceFields...), param{flag: "cid", kind: numberParam, help: "this connection", offers: offerCIDs},
				param{flag: "account", help: "this account", offers: offerAccounts}, param{flag: "user", help: "this user", offers: offerUsers},
				param{flag: "subject", help: "this subject"}, param{flag: "ip", help: "this address"}),
			body: func(_ *pflag.FlagSet, _ []string, body map[string]any) error {
				filter := map[string]any{}
				for _, k := range []string{"cid", "account", "user", "subject", "ip"} {
					if v, ok := body[k]; ok {
						filter[k] = v
						delete(body, k)
					}
				}
				if len(filter) == 0 {
					return usage("say what: at least one of --cid --account --user --subject --ip")
				}
				body["filter"] = filter
				return nil
			},
		}),
		a.endpoint(endpoint{use: "list", short: "What is being recorded", path: "/traces", view: output.View{Items: "items", Name: "id", Trim: true, Empty: "nothing is recorded", Columns: []output.Column{
			{Title: "ID", Path: "id"}, {Title: "FILTER", Path: "filter", Keep: 12}, {Title: "UNTIL", Path: "until", Kind: output.Time}, {Title: "LINES", Path: "lines", Kind: output.Count},
		}}}),
		a.action(action{use: "stop ID", short: "End a recording", args: cobra.ExactArgs(1), method: http.MethodDelete, path: "/traces/{0}", done: "trace %s has ended"}),
		&cobra.Command{
			Use: "tail ID", Short: "Follow a recording", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.stream(cmd.Context(), fill("/traces/{0}/stream", args), url.Values{}, 0, a.logLine)
			},
		},
	)
}
