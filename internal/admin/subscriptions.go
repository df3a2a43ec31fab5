package admin

import (
	"iter"
	"net/http"
	"slices"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/status"
	"natsd/internal/subject"
)

// subscriptionRoutes are the endpoints about who is subscribed to what.
func (a *API) subscriptionRoutes() []route {
	account := param{name: "account", doc: "Name of the account; all when not given."}
	return []route{
		{
			method: http.MethodGet, path: "/subscriptions", role: viewer, perAccount: true, heavy: true,
			summary: "Subscriptions of clients and of the server itself.",
			query: slices.Concat([]param{
				account,
				{name: "subject", doc: "Only those that have something in common with this subject, which may have wildcards."},
				{name: "match", doc: "Only those that would get a message on this subject."},
				{name: "queue", doc: "Only members of this queue group."},
				{name: "cid", kind: "integer", doc: "Only those of this connection."},
			}, listParams),
			result: api.List[api.Subscription]{}, produces: []string{ndjson}, codes: []api.Code{api.NotFound, api.CursorExpired}, serve: a.listSubscriptions,
		},
		{
			method: http.MethodGet, path: "/subscriptions/stats", role: viewer, perAccount: true, summary: "Figures of the subscription index.",
			query: []param{account}, result: api.SubscriptionStats{}, codes: []api.Code{api.NotFound}, serve: a.subscriptionStats,
		},
		{
			method: http.MethodGet, path: "/subjects/interest", role: viewer, perAccount: true, heavy: true,
			summary: "Who wants messages on a subject, on this server and on others.",
			query: []param{
				{name: "account", doc: "Name of the account; `$G` when not given."},
				{name: "subject", doc: "The subject; one with wildcards counts all that it has something in common with."},
			},
			result: api.Interest{}, codes: []api.Code{api.NotFound}, serve: a.interest,
		},
		{
			method: http.MethodPost, path: "/subjects/check", role: viewer, scope: "subjects:check", perAccount: true, heavy: true, unaudited: true,
			summary: "Whether a user of the configuration may publish or subscribe, and which rule decides.",
			body:    api.CheckRequest{}, result: api.Check{}, codes: []api.Code{api.NotFound}, serve: a.checkSubject,
		},
	}
}

// subscriptions is the listing of subscriptions.
var subscriptions = &listing[status.Sub]{
	id: func(s *status.Sub) key {
		return key{int64(s.CID), s.Account + "\x00" + s.Subject + "\x00" + s.Queue + "\x00" + s.SID}
	},
	show:  func(_ *call, s *status.Sub) (any, error) { return api.Subscription(*s), nil },
	item:  api.Subscription{},
	order: "account,subject",
	columns: []column[status.Sub]{
		words("account", func(s *status.Sub) string { return s.Account }),
		words("subject", func(s *status.Sub) string { return s.Subject }),
		words("queue,qgroup", func(s *status.Sub) string { return s.Queue }),
		number("cid", false, func(s *status.Sub) int64 { return int64(s.CID) }),
		words("sid", func(s *status.Sub) string { return s.SID }),
		number("msgs", true, func(s *status.Sub) int64 { return s.Msgs }),
		number("max", true, func(s *status.Sub) int64 { return s.Max }),
	},
}

// account reads the name of an account, which must exist and be one that who asks may see.
func (c *call) account(unset string) (string, error) {
	name := c.text("account")
	if name == "" {
		name = unset
	}
	if name != "" && (!c.api.Server.HasAccount(name) || !c.who.sees(name)) {
		return "", api.Problemf(api.NotFound, "there is no account %q", name)
	}
	return name, nil
}

// subject reads a subject that is a valid one, of no wildcards if it has to be literal.
func (c *call) subject(name string, valid func(string) bool) string {
	s := c.text(name)
	if s != "" && !valid(s) {
		c.wrong(name, "it is not a valid subject")
	}
	return s
}

func (a *API) listSubscriptions(c *call) (any, error) {
	account, err := c.account("")
	if err != nil {
		return nil, err
	}
	q := subscriptions.query(c)
	like, match := c.subject("subject", subject.Valid[string]), c.subject("match", subject.ValidLiteral[string])
	queue, cid := c.text("queue"), uint64(c.int("cid", 1<<53, 0))
	if err := c.valid(); err != nil {
		return nil, err
	}
	return q.serve(c, func(yield func(status.Sub) bool) {
		for s := range a.subsOf(account, c.who) {
			switch {
			case like != "" && !subject.Overlaps(like, s.Subject),
				match != "" && !subject.Matches(s.Subject, match),
				queue != "" && s.Queue != queue,
				cid != 0 && s.CID != cid:
				continue
			}
			if !yield(s) {
				return
			}
		}
	})
}

// subsOf yields the subscriptions of an account, or of all that somebody may see.
func (a *API) subsOf(account string, who *identity) iter.Seq[status.Sub] {
	if account != "" || len(who.accounts) == 0 {
		return a.Server.Subs(account)
	}
	return func(yield func(status.Sub) bool) {
		for _, name := range who.accounts {
			for s := range a.Server.Subs(name) {
				if !yield(s) {
					return
				}
			}
		}
	}
}

func (a *API) subscriptionStats(c *call) (any, error) {
	account, err := c.account("")
	if err != nil {
		return nil, err
	}
	var s status.IndexStats
	if account != "" || len(c.who.accounts) == 0 {
		s = a.Server.IndexStats(account)
	} else {
		for _, name := range c.who.accounts {
			s = s.Add(a.Server.IndexStats(name))
		}
	}
	return &api.SubscriptionStats{
		Account: account, Now: time.Now().UTC(), Subs: s.Subs, Cache: s.Cached, Inserts: s.Inserts, Removes: s.Removes,
		Matches: s.Matches, CacheHitRate: ratio(s.Hits, s.Matches), MaxFanout: s.MaxFanout, AvgFanout: ratio(s.FanoutSum, s.FanoutCount),
	}, nil
}

// ratio is a/b, and 0 where that is not a number.
func ratio(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func (a *API) interest(c *call) (any, error) {
	subj := c.subject("subject", subject.Valid[string])
	if subj == "" {
		c.wrong("subject", "it is missing")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	account, err := c.account(config.GlobalAccount)
	if err != nil {
		return nil, err
	}
	return a.Server.Interest(account, subj), nil
}
