package admin

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"natsd/internal/admin/api"
)

// mostGroups bounds the groups of a summary.
const mostGroups = 1000

// closedSummary counts the connections that have ended.
func (a *API) closedSummary(c *call) (any, error) {
	window := c.duration("window")
	by := strings.Split(cmp.Or(c.text("by"), "reason"), ",")
	for i := range by {
		by[i] = strings.TrimSpace(by[i])
		if !slices.Contains([]string{"reason", "account", "user", "ip"}, by[i]) {
			c.wrong("by", "it must be some of reason, account, user, ip")
			break
		}
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	now := time.Now()
	out := &api.ClosedSummary{Now: now.UTC(), By: by, Groups: []api.ClosedGroup{}}
	if window > 0 {
		out.Window = window.String()
	}
	groups := map[api.ClosedGroup]*api.ClosedGroup{}
	for r := range c.connRows(api.StateClosed, &choice{}, now, nil) {
		stop := r.Closed.Stop.UTC()
		if out.Oldest == nil || stop.Before(*out.Oldest) {
			out.Oldest = &stop
		}
		if window > 0 && now.Sub(stop) > window {
			continue
		}
		out.Total++
		name := groupOf(&r, by)
		g := groups[name]
		if g == nil {
			group := name
			g = &group
			groups[name] = g
		}
		g.Count++
		if stop.After(g.Last) {
			g.Last = stop
		}
	}
	for _, g := range groups {
		out.Groups = append(out.Groups, *g)
	}
	slices.SortFunc(out.Groups, func(x, y api.ClosedGroup) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), strings.Compare(x.Reason, y.Reason), strings.Compare(x.Account, y.Account),
			strings.Compare(x.User, y.User), strings.Compare(x.IP, y.IP))
	})
	out.Groups = out.Groups[:min(len(out.Groups), mostGroups)]
	return out, nil
}

// groupOf names the group of a connection.
func groupOf(r *connRow, by []string) api.ClosedGroup {
	var g api.ClosedGroup
	for _, name := range by {
		switch name {
		case "reason":
			g.Reason = r.Closed.Reason
		case "account":
			g.Account = r.Facts.Account
		case "user":
			g.User = r.Facts.User
		case "ip":
			g.IP = ipOf(r.Facts.Remote)
		}
	}
	return g
}
