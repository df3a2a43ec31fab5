package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// completeLimit is how long a server may take to help with a completion.
const completeLimit = 2 * time.Second

// ask gets an answer for a completion; whatever goes wrong, there is none.
func (a *app) ask(cmd *cobra.Command, path string, q url.Values) any {
	if a.resolve(cmd.Flags()) != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeLimit)
	defer cancel()
	all, err := a.clients(ctx) // flags are read twice on this way, so there may seem to be several
	if err != nil || len(all) == 0 {
		return nil
	}
	r, err := all[0].Do(ctx, client.Request{Path: path, Query: q, Monitor: true})
	if err != nil {
		return nil
	}
	var answer any
	d := json.NewDecoder(strings.NewReader(string(r.Body)))
	d.UseNumber()
	if d.Decode(&answer) != nil {
		return nil
	}
	return answer
}

// offer makes completions of the entries of a list: the value at a path, with a description.
func (a *app) offer(cmd *cobra.Command, path string, q url.Values, items, value string, about ...string) ([]string, cobra.ShellCompDirective) {
	list, _ := output.Get(a.ask(cmd, path, q), items).([]any)
	found := make([]string, 0, len(list))
	for _, item := range list {
		var words []string
		for _, p := range about {
			if v := output.Get(item, p); v != nil && v != "" {
				words = append(words, output.Clean(fmt.Sprint(v)))
			}
		}
		if v := output.Get(item, value); v != nil && v != "" {
			found = append(found, fmt.Sprint(v)+"\t"+strings.Join(words, " "))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), cobra.ShellCompDirectiveNoFileComp
}

// completeCIDs offers the ids of open connections.
func (a *app) completeCIDs(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.offer(cmd, "/connz", url.Values{"auth": {"1"}, "limit": {"1000"}}, "connections", "cid", "name", "authorized_user", "ip")
}

// completeUsers offers the users who are connected.
func (a *app) completeUsers(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.offer(cmd, "/connz", url.Values{"auth": {"1"}, "limit": {"1000"}}, "connections", "authorized_user", "account")
}

// completeAccounts offers the accounts of the server.
func (a *app) completeAccounts(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	names, _ := output.Get(a.ask(cmd, "/accountz", nil), "accounts").([]any)
	found := make([]string, len(names))
	for i, n := range names {
		found[i] = fmt.Sprint(n)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeRevisions offers the revisions of the history.
func (a *app) completeRevisions(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.offer(cmd, "/config/history", nil, "items", "revision", "trigger", "result", "time")
}

// completeContexts offers the names of contexts.
func (a *app) completeContexts(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 || a.resolve(cmd.Flags()) != nil || a.contexts == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []string
	for _, c := range a.contexts.Contexts {
		found = append(found, c.Name+"\t"+c.Description)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completer returns what completes a value of a kind; nil for none.
func (a *app) completer(o offer) cobra.CompletionFunc {
	switch o {
	case offerCIDs:
		return func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			return a.completeCIDs(cmd, nil, word)
		}
	case offerUsers:
		return a.completeUsers
	case offerAccounts:
		return a.completeAccounts
	case offerRevisions:
		return func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			return a.completeRevisions(cmd, nil, word)
		}
	case noOffer:
	}
	return nil
}

// completeGlobalFlags completes the values of the flags that all commands have.
func (a *app) completeGlobalFlags(root *cobra.Command) {
	files := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	for flag, complete := range map[string]cobra.CompletionFunc{
		setContext: func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			return a.completeContexts(cmd, nil, word)
		},
		setOutput:    cobra.FixedCompletions(output.Formats(), cobra.ShellCompDirectiveNoFileComp),
		setColor:     cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp),
		setServer:    cobra.FixedCompletions([]string{"unix:///run/natsd/admin.sock", "http://127.0.0.1:8223"}, cobra.ShellCompDirectiveNoFileComp),
		setTokenFile: files, setTLSCA: files, setTLSCert: files, setTLSKey: files,
	} {
		_ = root.RegisterFlagCompletionFunc(flag, complete) // the flag exists
	}
}

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
