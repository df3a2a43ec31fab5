package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// apiCommand sends any request with the credentials of the context.
func (a *app) apiCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "api METHOD PATH", Short: "Send any request to the admin API",
		Long: `Send any request to the admin API, with the credentials of the context. PATH is below /api/v1. The answer
is shown as it comes; the forms of -o other than table work on it too.`,
		Example: `  natsctl api GET /connections?limit=5
  natsctl api POST /reload -d '{"dry_run": true}'
  natsctl api PUT /config -d @nats.conf --type text/x-nats-conf -H 'If-Match: "sha256:…"'`,
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return methods, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			q := client.Request{Method: strings.ToUpper(args[0]), Header: http.Header{}}
			if !slices.Contains(methods, q.Method) {
				return usage("%q is none of %s", args[0], strings.Join(methods, ", "))
			}
			u, err := url.Parse(strings.TrimPrefix(args[1], "/api/v1"))
			if err != nil || u.Host != "" {
				return usage("%q is no path", args[1])
			}
			q.Path, q.Query = u.Path, u.Query()
			if a.set.dryRun {
				q.Query.Set("dry_run", "true")
			}
			if err := a.rawBody(cmd, &q); err != nil {
				return err
			}
			r, err := a.do(cmd.Context(), q)
			if err != nil {
				return err
			}
			if a.set.verbose {
				a.note("%d %s", r.Status, http.StatusText(r.Status))
			}
			if a.set.format.Machine() {
				return a.printer.Print(r.Body, output.View{Items: "items"})
			}
			if len(r.Body) > 0 && !bytes.HasSuffix(r.Body, []byte("\n")) {
				r.Body = append(r.Body, '\n')
			}
			_, err = a.out.Write(r.Body)
			return err
		},
	}
	cmd.Flags().StringP("data", "d", "", "body; @file reads it from a file, @- from the input")
	cmd.Flags().String("type", "application/json", "media type of the body")
	cmd.Flags().StringArrayP("header", "H", nil, "further header, \"Name: value\"")
	return cmd
}

func (a *app) rawBody(cmd *cobra.Command, q *client.Request) error {
	data, _ := cmd.Flags().GetString("data")
	q.Type, _ = cmd.Flags().GetString("type")
	if file, ok := strings.CutPrefix(data, "@"); ok {
		text, err := a.readFile(file)
		if err != nil {
			return err
		}
		q.Body = text
	} else if data != "" {
		q.Body = []byte(data)
	}
	headers, _ := cmd.Flags().GetStringArray("header")
	for _, h := range headers {
		key, value, ok := strings.Cut(h, ":")
		if !ok {
			return usage("--header: %q is no \"Name: value\"", h)
		}
		q.Header.Add(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	return nil
}

// download writes an answer that is no JSON to the output, or into a file.
func (a *app) download(cmd *cobra.Command, q client.Request) error {
	r, err := a.do(cmd.Context(), q)
	if err != nil {
		return err
	}
	file, _ := cmd.Flags().GetString("file")
	if file == "" {
		if isTerminal(a.out) && bytes.ContainsRune(r.Body[:min(len(r.Body), 512)], 0) {
			return usage("this is no text: give --file NAME")
		}
		_, err = a.out.Write(r.Body)
		return err
	}
	if err := os.WriteFile(file, r.Body, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	a.note("%d bytes written to %s", len(r.Body), file)
	return nil
}
