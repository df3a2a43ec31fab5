package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
	"natsd/internal/version"
)

// versions is what natsctl version shows.
type versions struct {
	Client  string       `json:"client"`
	Commit  string       `json:"client_commit,omitempty"`
	Go      string       `json:"client_go"`
	Server  *api.Version `json:"server,omitempty"`
	Address string       `json:"server_address,omitempty"`
}

var versionView = output.View{Columns: []output.Column{
	{Title: "natsctl", Path: "client"},
	{Title: "Commit", Path: "client_commit"},
	{Title: "Go", Path: "client_go"},
	{Title: "Server", Path: "server.version"},
	{Title: "Compatible with", Path: "server.compat_version"},
	{Title: "Address", Path: "server_address"},
}}

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Versions of natsctl and of the server",
		Example: "  natsctl version\n  natsctl version --client",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{Client: version.Natsd, Commit: version.Commit(), Go: runtime.Version()}
			alone, _ := cmd.Flags().GetBool("client")
			var err error
			if !alone {
				err = a.serverVersion(cmd, &v)
			}
			body, jerr := json.Marshal(v)
			if jerr != nil {
				return fmt.Errorf("show the versions: %w", jerr)
			}
			if perr := a.printer.Print(body, versionView); perr != nil {
				return perr
			}
			return err
		},
	}
	cmd.Flags().Bool("client", false, "only that of natsctl; no server is asked")
	return cmd
}

// serverVersion adds what the server says about itself; a monitoring port says it in varz.
func (a *app) serverVersion(cmd *cobra.Command, v *versions) error {
	c, err := a.client(cmd.Context())
	if err != nil {
		return err
	}
	v.Address = c.Target().String()
	if !c.Target().Monitor {
		return c.JSON(cmd.Context(), client.Request{Path: "/version"}, &v.Server)
	}
	var varz struct {
		Version string `json:"version"`
		Go      string `json:"go"`
	}
	if err := c.JSON(cmd.Context(), client.Request{Path: "/varz", Monitor: true}, &varz); err != nil {
		return err
	}
	v.Server = &api.Version{Version: varz.Version, Compat: varz.Version, Go: varz.Go}
	return nil
}
