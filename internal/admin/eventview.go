package admin

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/event"
	"natsd/internal/reload"
	"natsd/internal/status"
)

// eventView shows the events of one server. It is immutable.
type eventView struct {
	server string
	boot   string // tells the events of two runs apart
}

func (a *API) eventView() *eventView {
	s := a.Server.Server()
	return &eventView{server: s.ID, boot: strconv.FormatInt(s.Started.UnixMilli(), 10)}
}

// id names an event: the run of the server and the sequence number in it.
func (v *eventView) id(seq uint64) string { return v.boot + "-" + strconv.FormatUint(seq, 10) }

// sequence reads an id. It is not ok when the event is of another run.
func (v *eventView) sequence(id string) (seq uint64, ok bool) {
	boot, n, _ := strings.Cut(id, "-")
	seq, err := strconv.ParseUint(n, 10, 64)
	return seq, err == nil && boot == v.boot
}

// warnings and errors are the kinds of events that are more than information.
var severity = map[event.Kind]string{
	event.ConnectionSlow: api.EventWarning, event.ConnectionStalled: api.EventWarning, event.ConnectionKicked: api.EventWarning,
	event.AuthFailed: api.EventWarning, event.AuthExpired: api.EventWarning,
	event.ReloadRejected: api.EventError, event.ReloadRolledBack: api.EventError, event.WatcherError: api.EventError,
	event.RouteDown: api.EventWarning, event.RouteRetry: api.EventWarning, event.GatewayDown: api.EventWarning,
	event.GatewayRetry: api.EventWarning, event.LeafDown: api.EventWarning, event.LeafRetry: api.EventWarning,
	event.TLSExpiring: api.EventWarning, event.ServerLameDuck: api.EventWarning, event.ServerStopping: api.EventWarning,
}

// of shows one event.
func (v *eventView) of(e event.Event) api.Event {
	k := e.Kind()
	out := api.Event{V: 1, ID: v.id(e.Seq), Type: k.String(), Time: e.Time.UTC(), ServerID: v.server, Severity: api.EventInfo}
	if s, ok := severity[k]; ok {
		out.Severity = s
	}
	switch d := e.Data.(type) {
	case event.Opened:
		setFacts(&out, d.Facts)
	case event.Closed:
		setFacts(&out, d.Facts)
		out.Reason = d.Reason
		out.EventTraffic = &api.EventTraffic{
			InMsgs: d.InMsgs, OutMsgs: d.OutMsgs, InBytes: d.InBytes, OutBytes: d.OutBytes,
			Lifetime: d.Stop.Sub(d.Facts.Start).Round(time.Millisecond).String(),
		}
	case event.Slow:
		setFacts(&out, d.Facts)
		out.Subject, out.Pending, out.Reason = d.Subject, int64(d.Pending), d.Reason
	case event.Stalled:
		setFacts(&out, d.Facts)
		out.Stalls = d.Stalls
	case event.Kicked:
		setFacts(&out, d.Facts)
		out.Actor, out.Reason = d.Actor, d.Reason
	case event.Refused:
		setFacts(&out, d.Conn.Facts)
		out.User, out.Reason, out.Detail = d.User, d.Reason, d.Detail
	case event.Expired:
		setFacts(&out, d.Facts)
	default:
		setOther(&out, e.Data)
	}
	return out
}

// setOther shows what is not about one connection.
func setOther(out *api.Event, data event.Data) {
	switch d := data.(type) {
	case event.Retry:
		out.Kind, out.URL, out.Attempt, out.Error, out.NextRetry = d.Link.String(), d.URL, d.Attempt, d.Err, timeOrNone(d.Next)
	case event.Accounts:
		out.Opened, out.Closed, out.Limited = d.Opened, d.Closed, d.Limited
	case event.Certificates:
		out.Block, out.NotAfter = d.Block, timeOrNone(d.NotAfter)
	case event.Expiring:
		out.Block, out.NotAfter = d.Block, timeOrNone(d.NotAfter)
	case event.LameDuck:
		out.GracePeriod, out.Spread = d.Grace.String(), d.Duration.String()
	case event.Files:
		out.Paths, out.Error = d.Paths, d.Err
	case event.Action:
		out.RequestID, out.Actor, out.Action, out.Target, out.Outcome, out.Status = d.RequestID, d.Actor, d.Action, d.Target, d.Result, d.Status
		if d.Status >= http.StatusBadRequest {
			out.Severity = api.EventWarning
		}
	case reload.Passed:
		out.Revision = d.Revision
	case *reload.Report:
		setReload(out, d)
	}
}

func setReload(out *api.Event, r *reload.Report) {
	out.Actor, out.Reason, out.Revision, out.Digest = r.Request.Who, r.Request.Why, r.Revision, r.To.Digest
	out.Outcome, out.Verdict, out.Dropped = string(r.Result), r.Verdict.String(), r.Effects.Dropped
	out.Duration = milliseconds(r.Duration)
	for verdict, n := range r.Summary {
		if out.Changes == nil {
			out.Changes = map[string]int{}
		}
		out.Changes[verdict.String()] = n
	}
	if err := r.Err(); err != nil {
		out.Error = err.Error()
	}
}

func setFacts(out *api.Event, f *status.Facts) {
	if f == nil {
		return
	}
	out.CID, out.Kind, out.Name, out.Lang, out.Version = f.CID, f.Kind.String(), f.Name, f.Lang, f.Version
	out.Account, out.User = f.Account, f.User
	if f.Remote.IsValid() {
		out.IP, out.Port = f.Remote.Addr().Unmap().String(), int(f.Remote.Port())
	}
}

func timeOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
