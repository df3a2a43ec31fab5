package admin

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/ban"
	"natsd/internal/status"
)

// kickRoutes are the endpoints that end connections.
func (a *API) kickRoutes() []route {
	also := []success{{http.StatusAccepted, api.Operation{}}}
	return []route{
		{
			method: http.MethodDelete, path: "/connections/{cid}", role: operator, scope: "connections:kick", perAccount: true,
			summary: "End a connection. The client is told why.",
			query: []param{
				dryRun,
				{name: "reason", doc: "The client is told."},
				{name: "mode", words: kickModes, doc: "`drain` tells the client to go elsewhere and ends the connection after `lame_duck_grace_period`."},
				{name: "ban", kind: "duration", doc: "Keep the client out for so long."},
			},
			status: http.StatusNoContent, also: []success{{http.StatusAccepted, api.Operation{}}, {http.StatusOK, api.KickResult{}}},
			codes: []api.Code{api.NotFound, api.Conflict}, serve: a.kickOne,
		},
		{
			method: http.MethodPost, path: "/connections/kick", role: operator, scope: "connections:kick", perAccount: true,
			summary: "End all connections that are chosen. Many are ended one after the other, so that they do not come back all at once.",
			query:   []param{dryRun}, body: api.KickRequest{}, result: api.KickResult{}, also: also,
			codes: []api.Code{api.FilterRequired, api.Conflict}, serve: a.kickMany,
		},
		{
			method: http.MethodPost, group: "connections", path: "/kick", role: operator, scope: "connections:kick", perAccount: true,
			summary: "End one connection, by its `cid`, or all that are chosen.",
			query:   []param{dryRun}, body: api.KickRequest{}, result: api.KickResult{}, also: also,
			codes: []api.Code{api.FilterRequired, api.NotFound, api.Conflict}, serve: a.kickMany,
		},
		{
			method: http.MethodPost, path: "/connections/{cid}/ping", role: operator, scope: "connections:ping", perAccount: true, unaudited: true,
			summary: "Measure the round trip to a client by a PING of the server.",
			query:   []param{{name: "timeout", kind: "duration", doc: "How long to wait for the answer; 5s when not given, 25s at most."}},
			result:  api.RTT{}, codes: []api.Code{api.NotFound, api.Conflict, api.Timeout}, serve: a.ping,
		},
	}
}

var kickModes = []string{api.ModeKick, api.ModeDrain}

// How many are ended at once.
const (
	atOnce      = 100 // more are spread
	perSecond   = 1000
	longestKick = time.Hour
	shownCIDs   = 1000
	longestBan  = 366 * 24 * time.Hour
)

// kicking is a request to end connections, read and checked.
type kicking struct {
	choice
	byRate bool // they are chosen by how fast their counters grow
	max    int
	drain  bool
	spread time.Duration // negative: not said
	ban    time.Duration
	whom   ban.Match // of the ban; zero: each connection for itself
	reason string
	dry    bool
}

// kickOne carries out DELETE /connections/{cid}.
func (a *API) kickOne(c *call) (any, error) {
	k := &kicking{
		spread: -1, drain: c.word("mode", kickModes...) == api.ModeDrain, ban: c.duration("ban"), reason: c.reason(c.text("reason")), dry: c.bool("dry_run"),
	}
	if k.ban > longestBan {
		c.wrong("ban", "it is longer than a year")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	r, err := c.findOpen()
	if err != nil {
		return nil, err
	}
	out, err := a.carryOut(c, k, []*status.Facts{r.Facts}, 1)
	if res, ok := out.(*api.KickResult); ok && err == nil {
		if res.DryRun {
			return answer{status: http.StatusOK, value: res}, nil
		}
		return nil, nil
	}
	return out, err
}

// kickMany carries out POST /connections/kick and POST /kick.
func (a *API) kickMany(c *call) (any, error) {
	k, err := c.kicking()
	if err != nil {
		return nil, err
	}
	var known map[uint64]*rateState
	if k.byRate {
		known = a.rates.get(c.r.Context(), true)
	}
	var chosen []*status.Facts
	for r := range c.connRows(api.StateOpen, &k.choice, time.Now(), known) {
		chosen = append(chosen, r.Facts)
	}
	if len(chosen) == 0 && k.cid != 0 && c.route.path == "/kick" {
		return nil, api.Problemf(api.NotFound, "there is no connection %d", k.cid)
	}
	slices.SortFunc(chosen, func(x, y *status.Facts) int { return cmp.Compare(x.CID, y.CID) })
	matched := len(chosen)
	if k.max > 0 {
		chosen = chosen[:min(matched, k.max)]
	}
	return a.carryOut(c, k, chosen, matched)
}

// kicking reads the body of a request to end connections.
func (c *call) kicking() (*kicking, error) {
	var req api.KickRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	req.DryRun = c.bool("dry_run") || req.DryRun // wherever it stands, it counts
	k := &kicking{
		choice: choice{cid: req.CID, user: req.User, name: req.Name, account: req.Account, kind: req.Kind, subject: req.Subject},
		max:    req.Max, drain: req.Mode == api.ModeDrain, spread: -1, reason: c.reason(req.Reason), dry: req.DryRun,
	}
	k.idle, k.ban = c.span("idle_gt", req.IdleGT, 0), c.span("ban", req.Ban, longestBan)
	if req.Spread != "" {
		k.spread = c.span("spread", req.Spread, longestKick)
	}
	k.check(c, req.IP)
	q := &query[connRow]{listing: connections}
	q.readFilter(c, req.Filter)
	k.match, k.byRate = q.match, strings.Contains(req.Filter, "_rate")
	if req.Mode != "" && !slices.Contains(kickModes, req.Mode) {
		c.wrong("mode", "it must be kick or drain")
	}
	if req.Max < 0 {
		c.wrong("max", "it must not be negative")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	if k.empty() {
		return nil, api.Problemf(api.FilterRequired, "say which connections: at least one of cid, user, name, account, ip, kind, subject, idle_gt, filter")
	}
	if k.account != "" && !c.who.sees(k.account) {
		return nil, api.Problemf(api.Forbidden, "%s may end connections of the accounts %v only", c.who, c.who.accounts)
	}
	if k.ban > 0 {
		k.whom = c.banned(&k.choice)
	}
	return k, nil
}

// span reads a duration of a body. A bound of zero is none.
func (c *call) span(name, s string, most time.Duration) time.Duration {
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || most > 0 && d > most {
		c.wrong(name, "it must be a duration such as 30s"+atMost(most))
		return 0
	}
	return d
}

func atMost(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return ", at most " + d.String()
}

// empty tells that a choice means all connections.
func (ch *choice) empty() bool {
	return ch.cid == 0 && ch.user == "" && ch.name == "" && ch.account == "" && !ch.prefix.IsValid() && ch.kind == "" &&
		ch.subject == "" && ch.idle == 0 && ch.match == nil
}

// banned is whom a ban is for that goes with a choice: those who are chosen, whether they are here or not,
// as far as a ban can say it. Who is limited to accounts bans there.
func (c *call) banned(ch *choice) ban.Match {
	m := ban.Match{IP: ch.prefix, User: ch.user, Account: ch.account, Name: ch.name}
	if m.IsZero() || ch.cid != 0 || ch.kind != "" || ch.subject != "" || ch.idle > 0 || ch.match != nil {
		return ban.Match{} // those only who are here and chosen
	}
	if m.Account == "" && len(c.who.accounts) > 0 {
		if len(c.who.accounts) > 1 {
			return ban.Match{}
		}
		m.Account = c.who.accounts[0]
	}
	return m
}

// banOf is whom a ban of one connection is for: for all that is known of it.
func banOf(f *status.Facts) ban.Match {
	m := ban.Match{User: f.User, Account: f.Account, Name: f.Name}
	if a := f.Remote.Addr().Unmap().WithZone(""); a.IsValid() {
		m.IP = netip.PrefixFrom(a, a.BitLen())
	}
	return m
}

// carryOut ends the chosen connections: at once if they are few, else as an operation.
func (a *API) carryOut(c *call, k *kicking, chosen []*status.Facts, matched int) (any, error) {
	result := &api.KickResult{Matched: matched, DryRun: k.dry}
	for _, f := range chosen[:min(len(chosen), shownCIDs)] {
		result.CIDs = append(result.CIDs, f.CID)
	}
	if k.dry {
		return result, nil
	}
	if k.spread < 0 {
		k.spread = 0
		if len(chosen) > atOnce {
			k.spread = time.Duration(len(chosen)) * time.Second / perSecond
		}
	}
	kick := &kick{kicking: k, api: a, actor: c.who.String(), result: result}
	if !k.whom.IsZero() && !kick.banish(k.whom) {
		return nil, api.Problemf(api.Conflict, "%v", ban.ErrFull)
	}
	if len(chosen) == 0 || !k.drain && k.spread == 0 {
		for _, f := range chosen {
			kick.end(f)
		}
		return result, nil
	}
	kind, grace := api.ModeKick, time.Duration(0)
	if k.drain {
		kind, grace = api.ModeDrain, c.options.LameDuckGrace
	}
	op, err := a.operations.start(c, kind, k.reason, len(chosen), func(ctx context.Context, op *job) (any, error) {
		return result, kick.run(ctx, op, chosen, grace)
	})
	if err != nil {
		return nil, err
	}
	return accepted(op), nil
}

// kick is a request to end connections that is being carried out.
type kick struct {
	*kicking
	api    *API
	actor  string
	result *api.KickResult
}

// banish makes a ban, unless there are too many.
func (k *kick) banish(m ban.Match) bool {
	now := time.Now()
	err := k.api.Server.Bans().Add(&ban.Ban{Match: m, Reason: k.reason, Actor: k.actor, Since: now, Until: now.Add(k.ban)})
	if err == nil {
		k.result.Banned++
	}
	return err == nil
}

// end ends one connection.
func (k *kick) end(f *status.Facts) {
	if k.ban > 0 && k.whom.IsZero() {
		k.banish(banOf(f))
	}
	if k.api.Server.Kick(f.CID, k.actor, k.reason) {
		k.result.Kicked++
	}
}

// run ends the connections over a time. Those that are to be drained are told at once, and get a grace.
func (k *kick) run(ctx context.Context, op *job, chosen []*status.Facts, grace time.Duration) error {
	if grace > 0 {
		for _, f := range chosen {
			k.api.Server.Warn(f.CID)
		}
		if !rest(ctx, grace) {
			return ctx.Err()
		}
	}
	began := time.Now()
	step := k.spread / time.Duration(len(chosen))
	for i, f := range chosen {
		due := began.Add(step*time.Duration(i) + rand.N(step+1))
		if !rest(ctx, time.Until(due)) {
			return ctx.Err()
		}
		k.end(f)
		op.progress(i+1, len(chosen))
	}
	return nil
}

// rest waits, and reports false when ctx ends before that. What is less than a timer can tell is no wait.
func rest(ctx context.Context, d time.Duration) bool {
	if d < time.Millisecond {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// The time that a client has to answer a PING.
const (
	pingWait    = 5 * time.Second
	longestPing = 25 * time.Second
)

// ping measures the round trip to a client.
func (a *API) ping(c *call) (any, error) {
	wait := cmp.Or(c.duration("timeout"), pingWait)
	if wait > longestPing {
		c.wrong("timeout", "it is longer than "+longestPing.String())
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	r, err := c.findOpen()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), wait)
	defer cancel()
	rtt, err := a.Server.Ping(ctx, r.Facts.CID)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, api.Problemf(api.Timeout, "connection %d has not answered within %s", r.Facts.CID, wait)
	case errors.Is(err, context.Canceled):
		return nil, err
	case err != nil:
		return nil, api.Problemf(api.Conflict, "%v", err)
	}
	return &api.RTT{RTT: rtt.String(), NS: int64(rtt)}, nil
}
