package admin

import (
	"net/http"
	"slices"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/admin/filter"
	"natsd/internal/ban"
)

// banRoutes are the endpoints about who may not connect for a while.
func (a *API) banRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/bans", role: viewer, perAccount: true, summary: "Bans that are in force.",
			query: listParams, result: api.List[api.Ban]{}, produces: []string{ndjson}, codes: []api.Code{api.CursorExpired}, serve: a.listBans,
		},
		{
			method: http.MethodPost, path: "/bans", role: operator, scope: "bans:write", perAccount: true,
			summary: "Keep somebody out until a time. His connections end.",
			query:   []param{dryRun}, body: api.BanRequest{}, result: api.Ban{}, status: http.StatusCreated, also: []success{{http.StatusOK, api.Ban{}}},
			codes: []api.Code{api.FilterRequired, api.Conflict}, serve: a.addBan,
		},
		{
			method: http.MethodDelete, path: "/bans/{id}", role: operator, scope: "bans:write", perAccount: true, summary: "End a ban.",
			query: []param{dryRun}, also: []success{{http.StatusOK, api.DryRun{}}}, codes: []api.Code{api.NotFound}, serve: a.removeBan,
		},
		{
			method: http.MethodDelete, path: "/bans", role: operator, scope: "bans:write", perAccount: true, summary: "End all bans.",
			query: []param{dryRun}, also: []success{{http.StatusOK, api.DryRun{}}}, serve: a.removeBan,
		},
	}
}

// banList is the listing of bans.
var banList = &listing[*ban.Ban]{
	id:    func(b **ban.Ban) key { return key{T: (*b).ID} },
	show:  func(_ *call, b **ban.Ban) (any, error) { return showBan(*b), nil },
	item:  api.Ban{},
	order: "until",
	columns: []column[*ban.Ban]{
		{names: []string{"until"}, kind: filter.Time, get: func(b **ban.Ban) filter.Value { return filter.Value{Int: (*b).Until.UnixNano()} }},
		{names: []string{"since"}, kind: filter.Time, get: func(b **ban.Ban) filter.Value { return filter.Value{Int: (*b).Since.UnixNano()} }},
		number("hits", true, func(b **ban.Ban) int64 { return (*b).Hits.Load() }),
		words("user", func(b **ban.Ban) string { return (*b).User }),
		words("account", func(b **ban.Ban) string { return (*b).Account }),
		words("name", func(b **ban.Ban) string { return (*b).Name }),
		words("nkey", func(b **ban.Ban) string { return (*b).NKey }),
		words("reason", func(b **ban.Ban) string { return (*b).Reason }),
		words("actor", func(b **ban.Ban) string { return (*b).Actor }),
	},
}

func showBan(b *ban.Ban) *api.Ban {
	out := &api.Ban{
		ID: b.ID, Match: api.BanMatch{User: b.User, Account: b.Account, Name: b.Name, NKey: b.NKey},
		Reason: b.Reason, Actor: b.Actor, Since: b.Since.UTC(), Until: b.Until.UTC(), Hits: b.Hits.Load(),
	}
	switch p := b.IP; {
	case p.IsValid() && p.IsSingleIP():
		out.Match.IP = p.Addr().String()
	case p.IsValid():
		out.Match.IP = p.String()
	}
	return out
}

// bans returns the bans that who asks may see.
func (c *call) bans() []*ban.Ban {
	return slices.DeleteFunc(c.api.Server.Bans().All(), func(b *ban.Ban) bool { return !c.who.sees(b.Account) })
}

func (a *API) listBans(c *call) (any, error) {
	q := banList.query(c)
	if err := c.valid(); err != nil {
		return nil, err
	}
	return q.serve(c, slices.Values(c.bans()))
}

// addBan makes a ban and ends the connections that it fits.
func (a *API) addBan(c *call) (any, error) {
	b, dry, err := c.newBan()
	if err != nil {
		return nil, err
	}
	if !dry {
		if err := a.Server.Bans().Add(b); err != nil {
			return nil, api.Problemf(api.Conflict, "%v", err)
		}
	}
	out := showBan(b)
	for r := range a.Server.Conns() { // who comes meanwhile finds the ban
		if b.Fits(r.Facts) && (dry || a.Server.Kick(r.Facts.CID, b.Actor, b.Text())) {
			out.Kicked++
		}
	}
	if out.DryRun = dry; dry {
		return answer{status: http.StatusOK, value: out}, nil
	}
	return out, nil
}

// newBan reads the body of POST /bans.
func (c *call) newBan() (b *ban.Ban, dry bool, err error) {
	var req api.BanRequest
	if err := c.decode(&req); err != nil {
		return nil, false, err
	}
	req.DryRun = c.bool("dry_run") || req.DryRun // wherever it stands, it counts
	now := time.Now()
	b = &ban.Ban{
		Match:  ban.Match{User: req.Match.User, Account: req.Match.Account, Name: req.Match.Name, NKey: req.Match.NKey},
		Reason: c.reason(req.Reason), Actor: c.who.String(), Since: now,
	}
	if req.Match.IP != "" {
		if b.IP, err = prefixOf(req.Match.IP); err != nil {
			c.wrong("match/ip", err.Error())
		}
	}
	switch {
	case req.Until != nil && req.For != "" || req.Until == nil && req.For == "":
		c.wrong("until", "either until or for has to be given")
	case req.Until != nil:
		b.Until = *req.Until
	default:
		b.Until = now.Add(c.span("for", req.For, longestBan))
	}
	if len(c.bad) == 0 && (!b.Until.After(now) || b.Until.Sub(now) > longestBan) {
		c.wrong("until", "it must be in the future, and not further away than a year")
	}
	if err := c.valid(); err != nil {
		return nil, false, err
	}
	if b.IsZero() {
		return nil, false, api.Problemf(api.FilterRequired, "say whom: at least one of ip, user, account, name, nkey")
	}
	if b.Account == "" && len(c.who.accounts) == 1 {
		b.Account = c.who.accounts[0]
	}
	if !c.who.sees(b.Account) {
		return nil, false, api.Problemf(api.Forbidden, "%s may ban in the accounts %v only", c.who, c.who.accounts)
	}
	return b, req.DryRun, nil
}

// removeBan carries out DELETE /bans and DELETE /bans/{id}.
func (a *API) removeBan(c *call) (any, error) {
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	id, found := c.path("id"), false
	for _, b := range c.bans() {
		if id == "" || b.ID == id {
			found = true
			if !dry {
				a.Server.Bans().Remove(b.ID)
			}
		}
	}
	switch {
	case id != "" && !found:
		return nil, api.Problemf(api.NotFound, "there is no ban %q", id)
	case dry:
		return answer{status: http.StatusOK, value: &api.DryRun{DryRun: true}}, nil
	}
	return nil, nil
}
