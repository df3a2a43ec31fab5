package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// maxLine bounds one line of a stream.
const maxLine = 1 << 20

// retryAfter is the pause before a stream that broke is opened again.
const retryAfter = time.Second

// stream shows what comes, line by line, until the user has enough. A stream that breaks is opened
// again behind the last thing that came; limit ends it after so many, 0 never.
func (a *app) stream(ctx context.Context, path string, q url.Values, limit int, line func([]byte) (string, error)) error {
	c, err := a.client(ctx)
	if err != nil {
		return err
	}
	last, first := "", true
	for {
		header := http.Header{"Accept": {api.NDJSONType}}
		if last != "" {
			header.Set("Last-Event-ID", last)
		}
		body, err := c.Open(ctx, client.Request{Path: path, Query: q, Header: header})
		var refused *client.ConnectError
		switch {
		case err != nil && (first || !errors.As(err, &refused)):
			return err
		case err == nil:
			first = false
			done, err := a.lines(body, &last, &limit, line)
			_ = body.Close()
			if done || err != nil {
				return err
			}
		}
		if ctx.Err() == nil {
			a.note("the stream has ended; trying again")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryAfter):
		}
		q.Del("since") // Last-Event-ID says it better
	}
}

// lines shows the lines of one answer. It reports whether there have been enough.
func (a *app) lines(body io.Reader, last *string, limit *int, show func([]byte) (string, error)) (bool, error) {
	scan := bufio.NewScanner(body)
	scan.Buffer(nil, maxLine)
	for scan.Scan() {
		var head struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		}
		_ = json.Unmarshal(scan.Bytes(), &head) // show says what is wrong
		if head.ID != "" {
			*last = head.ID
		}
		switch head.Type {
		case api.StreamHeartbeat:
			continue
		case api.StreamGap, api.StreamDropped, api.StreamEnd:
			a.note("%s", strings.TrimSpace(scan.Text()))
			continue
		}
		text, err := show(scan.Bytes())
		if err != nil {
			return false, err
		}
		if _, err := io.WriteString(a.out, text+"\n"); err != nil {
			return false, err
		}
		if *limit--; *limit == 0 {
			return true, nil
		}
	}
	return false, nil // a stream that breaks is opened again
}

func (a *app) eventsCommand() *cobra.Command {
	params := []param{
		{flag: "topic", query: "topics", kind: listParam, help: "kinds of events: connection, auth, reload, account, server, …, or one type"},
		{flag: "account", help: "of this account only", offers: offerAccounts},
		{flag: "user", help: "of this user only", offers: offerUsers},
		{flag: "cid", kind: numberParam, help: "of this connection only", offers: offerCIDs},
		{flag: "severity", help: "the least severity: info, warning, error", words: []string{api.EventInfo, api.EventWarning, api.EventError}},
		{flag: "since", help: "from a time on (RFC 3339), or a duration before now"},
	}
	cmd := &cobra.Command{
		Use: "events", Short: "What happens, as it happens",
		Long: `What happens, as it happens: connections that come and go, logins that fail, reloads, accounts, links.
A stream that breaks is taken up again where it ended. -o json gives one JSON object a line.`,
		Example: "  natsctl events\n  natsctl events --topic connection,auth --since 10m\n  natsctl events --recent --severity warning",
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := query(cmd.Flags(), params)
			limit, _ := cmd.Flags().GetInt("limit")
			if recent, _ := cmd.Flags().GetBool("recent"); recent {
				if limit > 0 {
					q.Set("limit", strconv.Itoa(limit))
				}
				return a.recentEvents(cmd.Context(), q)
			}
			return a.stream(cmd.Context(), "/events", q, limit, a.eventLine)
		},
	}
	a.addParams(cmd, params)
	cmd.Flags().Bool("recent", false, "only what has happened, then end")
	cmd.Flags().IntP("limit", "n", 0, "end after so many")
	return cmd
}

// recentEvents shows what the server remembers.
func (a *app) recentEvents(ctx context.Context, q url.Values) error {
	if a.set.format.Machine() {
		return a.show(ctx, client.Request{Path: "/events/recent", Query: q}, output.View{Items: "items", Name: "id", Columns: []output.Column{
			{Path: "time"}, {Path: "severity"}, {Path: "type"}, {Path: "cid"}, {Path: "account"}, {Path: "user"}, {Path: "reason"},
		}})
	}
	return a.repeat(ctx, func() error {
		c, err := a.client(ctx)
		if err != nil {
			return err
		}
		var list api.List[json.RawMessage]
		if err := c.JSON(ctx, client.Request{Path: "/events/recent", Query: q}, &list); err != nil {
			return err
		}
		for _, item := range list.Items {
			line, err := a.eventLine(item)
			if err != nil {
				return err
			}
			fmt.Fprintln(a.printer.Out, line)
		}
		return nil
	})
}

// eventOrder are the fields that matter most, in the order in which they are shown.
var eventOrder = []string{"cid", "account", "user", "name", "ip", "reason", "detail", "error", "actor", "outcome", "verdict", "revision"}

// eventHidden are the fields that only programs want.
var eventHidden = []string{"v", "id", "type", "time", "server_id", "severity", "port", "kind", "digest"}

// eventLine shows an event to people; programs get it as it came.
func (a *app) eventLine(text []byte) (string, error) {
	if a.set.format.Lines() {
		return string(text), nil
	}
	var event map[string]any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(&event); err != nil {
		return "", fmt.Errorf("the server sent no event: %w", err)
	}
	keys := slices.DeleteFunc(sorted(event), func(k string) bool {
		return slices.Contains(eventHidden, k) || slices.Contains(eventOrder, k)
	})
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", a.clock(event["time"]), a.severity(event["severity"], fmt.Sprint(event["type"])))
	for _, k := range append(slices.Clone(eventOrder), keys...) {
		v, ok := event[k]
		if !ok {
			continue
		}
		s := fmt.Sprint(v)
		if list, isList := v.([]any); isList {
			s = strings.Trim(fmt.Sprint(list), "[]")
		}
		if strings.ContainsAny(s, " \"") {
			s = fmt.Sprintf("%q", s)
		}
		b.WriteString(" " + k + "=" + output.Clean(s))
	}
	return b.String(), nil
}

// clock shows the time of day.
func (a *app) clock(v any) string {
	t, err := time.Parse(time.RFC3339Nano, fmt.Sprint(v))
	if err != nil {
		return fmt.Sprint(v)
	}
	zone := a.zone
	if zone == nil {
		zone = time.Local
	}
	return t.In(zone).Format("15:04:05.000")
}

// severity colours a text by how bad it is.
func (a *app) severity(v any, text string) string {
	color := ""
	switch v {
	case api.EventError:
		color = "31"
	case api.EventWarning:
		color = "33"
	}
	if color == "" || !a.printer.Color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}
