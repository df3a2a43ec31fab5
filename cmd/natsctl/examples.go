package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples are what the help shows for commands that need no more than one line of it.
var examples = map[string]string{ //nolint:gosec // the ids of tokens in examples are no credentials
	"account delete":      "account delete APP --dry-run",
	"account get":         "account get APP -o yaml",
	"account kick":        "account kick APP --spread 30s --yes",
	"account list":        "account list",
	"account set":         "account set APP --data @app.json",
	"accountz":            "accountz --acc APP -o json",
	"accstatz":            "accstatz --unused",
	"audit list":          "audit list --since 1h --all",
	"audit verify":        "audit verify || echo \"somebody has changed the audit\"",
	"auth failures":       "auth failures --by ip --window 10m",
	"auth test":           "auth test --user bob --password-file bob.txt --ip 10.0.0.7",
	"ban list":            "ban list",
	"ban remove":          "ban remove --all",
	"bundle":              "bundle --include config,connz,logs",
	"cluster reload":      "cluster reload --mode rolling --stop-on-error",
	"cluster status":      "cluster status",
	"config confirm":      "config confirm 5",
	"config edit":         "config edit",
	"config files":        "config files",
	"conn get":            "conn get 17 --subs",
	"conn ping":           "conn ping 17",
	"conn subs":           "conn subs 17 --all -o name",
	"conn trace":          "conn trace 17 --duration 30s --verbs PUB,SUB",
	"context import-nats": "context import-nats",
	"context list":        "context list",
	"context remove":      "context remove prod",
	"context show":        "context show prod",
	"context use":         "context use prod",
	"docs man":            "docs man /usr/local/share/man/man1",
	"docs markdown":       "docs markdown > natsctl.md",
	"gateway kick":        "gateway kick 19",
	"gateway list":        "gateway list",
	"gatewayz":            "gatewayz --accs --gw-name WEST -o json",
	"healthz":             "healthz --js-server-only",
	"ipqueuesz":           "ipqueuesz --all",
	"jsz":                 "jsz --accounts --streams -o json",
	"leaf kick":           "leaf kick 6",
	"leaf list":           "leaf list --account APP",
	"leafz":               "leafz --subs",
	"log reopen":          "log reopen",
	"metrics":             "metrics | grep natsd_reload",
	"op cancel":           "op cancel 1VZMmSpBTrs3iQiO6bQ8Op",
	"op get":              "op get 1VZMmSpBTrs3iQiO6bQ8Op --watch=1s",
	"op list":             "op list",
	"raftz":               "raftz --group _meta_ -o json",
	"reload status":       "reload status -o jsonpath=.pending_restart",
	"route add":           "route add nats://10.0.0.8:6222 --persist",
	"route kick":          "route kick 12",
	"route list":          "route list",
	"route remove":        "route remove nats://10.0.0.8:6222 --disconnect",
	"route targets":       "route targets -o wide",
	"routez":              "routez --subs=detail -o json",
	"server certificates": "server certificates",
	"server info":         "server info -o json",
	"server listeners":    "server listeners",
	"shutdown":            "shutdown --drain-timeout 30s",
	"status":              "status --watch",
	"sub stats":           "sub stats --account APP",
	"subject interest":    "subject interest orders.eu --account APP",
	"token delete":        "token delete t-gYnDWJNv3PWtqFPb3Glxwf",
	"token list":          "token list",
	"token rotate":        "token rotate t-gYnDWJNv3PWtqFPb3Glxwf --grace 1h",
	"trace list":          "trace list",
	"trace stop":          "trace stop t1",
	"trace tail":          "trace tail t1",
	"user delete":         "user delete APP bob",
	"user get":            "user get APP bob",
	"user kick":           "user kick APP bob --ban 10m",
	"user list":           "user list APP",
	"user rotate":         "user rotate APP bob --grace 1h",
	"user set":            "user set APP bob --data '{\"permissions\": {\"publish\": \"orders.>\"}}'",
	"whoami":              "whoami",
}

// addExamples gives each command the example that it has in the table.
func addExamples(cmd *cobra.Command) {
	path := strings.TrimPrefix(cmd.CommandPath(), name+" ")
	if text, ok := examples[path]; ok && cmd.Example == "" {
		cmd.Example = "  " + name + " " + text
	}
	for _, c := range cmd.Commands() {
		addExamples(c)
	}
}
