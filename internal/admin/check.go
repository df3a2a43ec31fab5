package admin

import (
	"fmt"
	"slices"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/perm"
	"natsd/internal/subject"
)

// checkSubject carries out POST /subjects/check.
func (a *API) checkSubject(c *call) (any, error) {
	var req api.CheckRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	switch {
	case req.Op == api.OpPub && !subject.ValidLiteral(req.Subject):
		c.wrong("subject", "it is not a subject that can be published to")
	case req.Op == api.OpSub && !subject.Valid(req.Subject):
		c.wrong("subject", "it is not a valid subject")
	case req.Op != api.OpPub && req.Op != api.OpSub:
		c.wrong("op", "it must be pub or sub")
	case req.Op == api.OpPub && req.Queue != "":
		c.wrong("queue", "only a subscription has one")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	who, err := resolve(c.options, &req)
	if err == nil && !c.who.sees(who.account) {
		err = noUser(&req)
	}
	if err != nil {
		return nil, err
	}
	out := &api.Check{
		Account: who.account, User: who.name, Subject: req.Subject, Queue: req.Queue, Op: req.Op,
		Mappings: []string{}, Imports: []string{}, // there are none yet
	}
	side, ruling := "subscribe", who.perms.ExplainSubscribe(req.Subject, req.Queue)
	if req.Op == api.OpPub {
		side, ruling = "publish", who.perms.ExplainPublish(req.Subject)
	}
	out.Allowed, out.Narrowed, out.Reason = ruling.Allowed, ruling.Narrowed, who.why
	if ruling.List != "" {
		out.Rule = ruleOf(c.options, who, side, &ruling)
		out.Reason = reasonOf(out.Rule)
	}
	return out, nil
}

// checked is the user whose rights are looked at.
type checked struct {
	account, name string
	perms         *perm.Set
	why           string // he is allowed what no rule speaks of
}

func noUser(req *api.CheckRequest) error {
	return api.Problemf(api.NotFound, "there is no user %q in account %q", req.User, req.Account)
}

// resolve finds the user that a request is about, as logging in would.
func resolve(o *config.Options, req *api.CheckRequest) (*checked, error) {
	z := &o.Authorization
	name := req.User
	if name == "" {
		name = o.NoAuthUser
	}
	var users []config.User
	users = append(users, z.Users...)
	for i := range o.Accounts {
		users = append(users, o.Accounts[i].Users...)
	}
	if i := slices.IndexFunc(users, func(u config.User) bool {
		return name != "" && (u.Name == name || u.NKey == name) && (req.Account == "" || req.Account == u.Account)
	}); i >= 0 {
		return &checked{users[i].Account, name, users[i].Perms, "nothing restricts the user"}, nil
	}
	inGlobal := req.Account == "" || req.Account == config.GlobalAccount
	switch {
	case !inGlobal:
	case z.User != "" && name == z.User, z.Token != "" && name == "":
		return &checked{account: config.GlobalAccount, name: name, why: "nothing restricts who has the only credentials"}, nil
	case len(users) == 0 && z.User == "" && z.Token == "":
		return &checked{account: config.GlobalAccount, name: name, why: "there is no authentication"}, nil
	}
	return nil, noUser(req)
}

// ruleOf shows a rule with its place.
func ruleOf(o *config.Options, who *checked, side string, r *perm.Ruling) *api.Rule {
	out := &api.Rule{Side: side, List: r.List, Entry: r.Entry}
	if r.Index >= 0 {
		out.Index = &r.Index
	}
	if o.Archive == nil {
		return out
	}
	if pos, ok := o.Archive.PlaceOf(config.Rule{Account: who.account, User: who.name, Side: side, List: r.List, Index: r.Index}); ok && pos.File != "" {
		out.Source = &api.Source{File: pos.File, Line: pos.Line, Column: pos.Col}
	}
	return out
}

// reasonOf says in words what a rule did.
func reasonOf(r *api.Rule) string {
	switch {
	case r.List == perm.ListResponses:
		return "the user may publish nothing but answers to requests"
	case r.List == perm.ListDeny:
		return fmt.Sprintf("%s deny %q", r.Side, r.Entry)
	case r.Entry != "":
		return fmt.Sprintf("%s allow %q", r.Side, r.Entry)
	}
	return "no entry of " + r.Side + " allow fits"
}
