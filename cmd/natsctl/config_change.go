package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// confType is the media type of a configuration in the language of NATS.
const confType = "text/x-nats-conf"

func (a *app) configSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set POINTER VALUE", Short: "Change one value of the configuration in force",
		Long: `Change one value of the configuration in force. VALUE is JSON, or else a text; null takes the value
away. Whether the change is written into the file too depends on admin.write_config.`,
		Example: "  natsctl config set ping_interval 30s --dry-run\n  natsctl config set /limits/max_payload 2097152",
		Args:    cobra.ExactArgs(2), ValidArgsFunction: completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			var value any
			if err := json.Unmarshal([]byte(args[1]), &value); err != nil {
				value = args[1]
			}
			for _, elem := range slices.Backward(elements(args[0])) {
				value = map[string]any{elem: value}
			}
			patch, err := json.Marshal(value)
			if err != nil {
				return fmt.Errorf("encode the change: %w", err)
			}
			tag, err := a.etag(cmd.Context())
			if err != nil {
				return err
			}
			return a.plan(cmd.Context(), client.Request{
				Method: http.MethodPatch, Path: "/config", Query: a.changeQuery(cmd), Body: patch, Type: "application/merge-patch+json",
				Header: http.Header{"If-Match": {tag}},
			}, false, 0)
		},
	}
	a.addParams(cmd, changeParams)
	return cmd
}

// elements takes a pointer or the name of a key apart.
func elements(key string) []string {
	if strings.HasPrefix(key, "/") {
		return config.PointerElements(key)
	}
	return strings.Split(key, ".")
}

// changeParams are what can be said of a change of the configuration.
var changeParams = []param{
	{flag: "reason", help: "why, for the history"},
	{flag: "mode", help: "strict refuses changes that need a restart; partial applies the rest", words: []string{"strict", "partial"}},
	{flag: "allow-auth-removal", kind: boolParam, help: "permit a change that takes away all authentication, TLS or accounts"},
}

// changeQuery is what was said of a change.
func (a *app) changeQuery(cmd *cobra.Command) url.Values {
	q := query(cmd.Flags(), changeParams)
	if a.set.dryRun {
		q.Set("dry_run", "true")
	}
	return q
}

func (a *app) configApplyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Put a configuration from here into force on the server",
		Long: `Put a configuration from here into force on the server, in place of the one that runs. Includes are
looked for on the server. Whether it is written into the file there depends on admin.write_config.`,
		Example: "  natsctl config apply nats.conf --dry-run\n  natsctl -s https://nats.example:8223 config apply nats.conf",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.readFile(args[0])
			if err != nil {
				return err
			}
			tag, err := a.etag(cmd.Context())
			if err != nil {
				return err
			}
			q := a.changeQuery(cmd)
			q.Set("name", args[0])
			err = a.plan(cmd.Context(), client.Request{
				Method: http.MethodPut, Path: "/config", Query: q, Body: text, Type: confType, Header: http.Header{"If-Match": {tag}},
			}, false, 0)
			return a.withLines(err, args[0], text)
		},
	}
	a.addParams(cmd, changeParams)
	return cmd
}

func (a *app) configRestoreCommand() *cobra.Command {
	var q api.ReloadRequest
	cmd := &cobra.Command{
		Use: "restore REV", Short: "Put the configuration of a revision into force again; the files on disk stay",
		Example: "  natsctl config restore 3 --dry-run\n  natsctl config restore 3 --reason \"the new limits were wrong\"",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: a.completeRevisions,
		RunE: func(cmd *cobra.Command, args []string) error {
			rev, err := revision(args[0])
			if err != nil {
				return err
			}
			q.DryRun = a.set.dryRun
			return a.plan(cmd.Context(), client.Request{Method: http.MethodPost, Path: "/config/history/" + rev + "/restore", Body: q}, false, 0)
		},
	}
	cmd.Flags().StringVar(&q.Reason, "reason", "", "why, for the history")
	cmd.Flags().BoolVar(&q.AllowAuthRemoval, "allow-auth-removal", false, "permit a change that takes away all authentication, TLS or accounts")
	return cmd
}

func (a *app) configConfirmCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "confirm REV", Short: "End the probation of a revision: it stays, whatever comes",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeRevisions,
		RunE: func(cmd *cobra.Command, args []string) error {
			rev, err := strconv.Atoi(args[0])
			if err != nil {
				return usage("%q is not the number of a revision", args[0])
			}
			return a.show(cmd.Context(), client.Request{
				Method: http.MethodPost, Path: "/config/probation/confirm", Body: map[string]int{"rev": rev}, Query: a.dry(),
			}, output.View{})
		},
	}
	return cmd
}

// etag names the configuration in force, so that nobody's change is overwritten.
func (a *app) etag(ctx context.Context) (string, error) {
	r, err := a.do(ctx, client.Request{Path: "/config"})
	if err != nil {
		return "", err
	}
	return r.Header.Get("ETag"), nil
}
