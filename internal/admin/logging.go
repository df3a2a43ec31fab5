package admin

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/logging"
	"natsd/internal/reload"
)

// loggingRoutes are the endpoints about what is logged.
func (a *API) loggingRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/logging", role: viewer, summary: "What is logged now.",
			result: api.Logging{}, serve: func(*call) (any, error) { return a.logState(), nil },
		},
		{
			method: http.MethodPut, path: "/logging", role: operator, scope: "logging:write",
			summary: "Change what is logged, for a time or until the next reload; the configuration stays as it is.",
			query:   []param{dryRun}, body: api.SetLogging{}, result: api.Logging{}, codes: []api.Code{api.InvalidParameter}, serve: a.setLogging,
		},
		{
			method: http.MethodGet, path: "/logging/stream", role: operator, scope: "logging:read", stream: true,
			summary: "The lines of the log as they are written. Levels that are not logged are not here either: PUT /logging changes that.",
			query: []param{
				{name: "level", words: levelWords, doc: "The least level."},
				{name: "cid", kind: "integer", doc: "Only lines about this connection."},
				{name: "account", doc: "Only lines about connections of this account."},
				{name: "module", words: logging.Modules(), doc: "Only lines of this module."},
				{name: "grep", doc: "Only lines that hold this text, of whatever case."},
			},
			produces: streamTypes, codes: []api.Code{api.NotAcceptable}, serve: a.logStream,
		},
	}
}

// levels by name.
var (
	levelWords = []string{"trace", "debug", "info", "warn", "error"}
	levelOf    = map[string]slog.Level{
		"trace": logging.LevelTrace, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "fatal": logging.LevelFatal,
	}
)

func levelName(l slog.Level) string { return strings.ToLower(logging.LevelName(l)) }

// overrides is what operators have changed about the log.
type overrides struct {
	mu      sync.Mutex // held while levels change
	by      string     // empty: nothing was changed
	until   time.Time  // zero: until the next reload
	verbose bool
	forget  context.CancelFunc // ends the wait for until; nil: nobody waits
}

// endLocked ends what was changed, and who waits for its end.
func (l *overrides) endLocked() {
	if l.forget != nil {
		l.forget()
	}
	l.by, l.until, l.forget = "", time.Time{}, nil
}

// configuredLevels is what a configuration wants to be logged.
func configuredLevels(o *config.Options) logging.Levels {
	return logging.Levels{Debug: o.Logging.Debug, Trace: o.Logging.Trace, Modules: o.Logging.Levels}
}

// logState tells what is logged.
func (a *API) logState() *api.Logging {
	a.overrides.mu.Lock()
	defer a.overrides.mu.Unlock()
	return a.logStateLocked(a.Logs.Levels())
}

func (a *API) logStateLocked(v logging.Levels) *api.Logging {
	o := a.Server.Options()
	l := &a.overrides
	out := &api.Logging{
		Debug: v.Debug, Trace: v.Trace, TraceVerbose: o.Logging.TraceVerbose, Modules: map[string]string{}, Sample: max(v.Sample, 1),
		Source: "config", Format: cmp.Or(o.Logging.Format, "classic"), Destination: logDestination(&o.Logging), Known: logging.Modules(),
		Dropped: a.Logs.Counters().Dropped,
	}
	if l.by != "" {
		out.Source, out.ChangedBy, out.RevertAt, out.TraceVerbose = "api", l.by, timeOrNone(l.until), l.verbose
	}
	for name, level := range v.Modules {
		out.Modules[name] = levelName(level)
	}
	switch {
	case v.Trace:
		out.Level = "trace"
	case v.Debug:
		out.Level = "debug"
	default:
		out.Level = levelName(v.Least)
	}
	return out
}

func logDestination(o *config.Logging) string {
	switch {
	case o.File != "":
		return o.File
	case o.RemoteSyslog != "":
		if u, err := url.Parse(o.RemoteSyslog); err == nil {
			return u.Redacted()
		}
		return "remote syslog"
	case o.Syslog:
		return "syslog"
	default:
		return "stderr"
	}
}

func (a *API) setLogging(c *call) (any, error) {
	var body api.SetLogging
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	dry, revert := c.bool("dry_run"), c.durationOf("revert_after", body.RevertAfter)
	l := &a.overrides
	l.mu.Lock()
	defer l.mu.Unlock()
	v := a.Logs.Levels()
	c.changeLevels(&v, &body)
	if err := c.valid(); err != nil {
		return nil, err
	}
	if dry {
		out := a.logStateLocked(v)
		out.DryRun = true
		return out, nil
	}
	if l.by == "" {
		l.verbose = a.Server.Options().Logging.TraceVerbose
	}
	if body.TraceVerbose != nil {
		l.verbose = *body.TraceVerbose
	}
	l.endLocked()
	l.by = c.who.String()
	if revert > 0 {
		l.until = time.Now().Add(revert)
		var ctx context.Context
		ctx, l.forget = context.WithCancel(a.Tasks.Context())
		a.Tasks.Go("log levels", func(context.Context) { a.revertLater(ctx, revert) })
	}
	a.Logs.SetLevels(v)
	out := a.logStateLocked(v)
	a.Log.Info(fmt.Sprintf("Log level set to %s by %s", out.Level, l.by))
	return out, nil
}

// changeLevels puts into v what a request says.
func (c *call) changeLevels(v *logging.Levels, body *api.SetLogging) {
	if body.Level != "" {
		level, ok := levelOf[body.Level]
		if !ok || !slices.Contains(levelWords, body.Level) {
			c.wrong("level", fmt.Sprintf("%q is not one of %s", body.Level, strings.Join(levelWords, ", ")))
		}
		v.Least, v.Debug, v.Trace = max(level, slog.LevelInfo), level <= slog.LevelDebug, level <= logging.LevelTrace
	}
	if body.Debug != nil {
		v.Debug = *body.Debug
	}
	if body.Trace != nil {
		v.Trace = *body.Trace
	}
	if body.TraceVerbose != nil && *body.TraceVerbose {
		v.Trace = true
	}
	if body.Sample != nil {
		const most = 1_000_000
		if v.Sample = *body.Sample; v.Sample < 1 || v.Sample > most {
			c.wrong("sample", fmt.Sprintf("it is a number from 1 to %d", most))
		}
	}
	if len(body.Modules) > 0 && v.Modules == nil {
		v.Modules = map[string]slog.Level{}
	}
	for _, name := range slices.Sorted(maps.Keys(body.Modules)) {
		level, ok := levelOf[body.Modules[name]]
		switch {
		case !logging.IsModule(name):
			c.wrong("modules", fmt.Sprintf("there is no module %q; modules are %s", name, strings.Join(logging.Modules(), ", ")))
		case body.Modules[name] == "":
			delete(v.Modules, name)
		case !ok:
			c.wrong("modules", fmt.Sprintf("%q is not a level", body.Modules[name]))
		default:
			v.Modules[name] = level
		}
	}
}

// revertLater takes a change back when its time is over, unless there was another one: that ends ctx.
func (a *API) revertLater(ctx context.Context, after time.Duration) {
	if rest(ctx, after) {
		a.revertLogging(ctx, "its time is over")
	}
}

// revertLogging puts the levels of the configuration into force again, unless ctx has ended.
func (a *API) revertLogging(ctx context.Context, why string) {
	l := &a.overrides
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == "" || ctx.Err() != nil {
		return
	}
	l.endLocked()
	a.Logs.SetLevels(configuredLevels(a.Server.Options()))
	a.Log.Info("Log level of the configuration again: " + why)
}

// followReload ends what operators have changed about the log: the file is what counts.
func (a *API) followReload(r *reload.Report) {
	if r.Moved() || r.Result == reload.NoChange && !r.Request.Quiet && !r.Request.DryRun {
		a.revertLogging(context.Background(), "the configuration was reloaded")
	}
}

func (a *API) logStream(c *call) (any, error) {
	least, ok := levelOf[c.word("level", levelWords...)]
	if !ok {
		least = logging.LevelTrace
	}
	cid, account, module := c.number("cid"), c.text("account"), c.word("module", logging.Modules()...)
	grep := strings.ToLower(c.text("grep"))
	if err := c.valid(); err != nil {
		return nil, err
	}
	f := a.Logs.Follow(streamQueue, func(l *logging.Line) bool {
		return l.Level >= least && (cid == 0 || l.CID == cid) && (module == "" || l.Module == module) &&
			(account == "" || l.CID != 0) && (grep == "" || strings.Contains(strings.ToLower(l.Text), grep))
	})
	defer f.Close()
	s, err := c.openStream()
	if s == nil {
		return nil, err
	}
	defer s.stop()
	accounts := &accountsByCID{server: a.Server}
	s.run(f.Ready(), func() error {
		lines, dropped := f.Take()
		for _, l := range lines {
			in := accounts.of(l.CID)
			if account != "" && in != account {
				continue
			}
			if err := s.send("", api.LogEvent, lineOf(l, in)); err != nil {
				return err
			}
		}
		if dropped > 0 {
			return s.note(api.StreamDropped, dropped, "")
		}
		return nil
	})
	return written, nil
}

func lineOf(l *logging.Line, account string) *api.LogLine {
	out := &api.LogLine{
		V: 1, Type: api.LogEvent, Time: l.Time.UTC(), Level: levelName(l.Level), Module: l.Module, CID: l.CID, Account: account,
		Message: l.Message, Text: l.Text,
	}
	if len(l.Attrs) > 0 {
		out.Attrs = attrsOf(l.Attrs)
	}
	return out
}

func attrsOf(attrs []slog.Attr) map[string]any {
	out := make(map[string]any, len(attrs))
	for _, a := range attrs {
		switch a.Value.Kind() {
		case slog.KindGroup:
			out[a.Key] = attrsOf(a.Value.Group())
		case slog.KindDuration:
			out[a.Key] = a.Value.Duration().String()
		default:
			out[a.Key] = a.Value.Any()
		}
	}
	return out
}

// accountsByCID finds the accounts of connections, also of those that have just ended. One goroutine
// uses it.
type accountsByCID struct {
	server Server
	known  map[uint64]string
}

// mostAccounts bounds the connections whose account is remembered.
const mostAccounts = 10000

func (m *accountsByCID) of(cid uint64) string {
	account := "" // before it is let in
	if c, ok := m.server.Conn(cid); ok {
		account = c.Facts.Account
	}
	switch {
	case account == "":
		return m.known[cid]
	case m.known == nil || len(m.known) >= mostAccounts:
		m.known = map[uint64]string{}
	}
	m.known[cid] = account
	return account
}
