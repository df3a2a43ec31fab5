package admin

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/event"
)

const (
	rememberedEvents = 10000
	streamQueue      = 1024 // events that wait for one reader
)

// eventRoutes are the endpoints that tell what happens.
func (a *API) eventRoutes() []route {
	filters := []param{
		{name: "topics", doc: "Kinds of events, by comma: `" + strings.Join(slices.Sorted(maps.Keys(eventTopics())), "`, `") + "`, or a type such as `connection.closed`."},
		{name: "account", doc: "Only events of this account."},
		{name: "user", doc: "Only events of this user."},
		{name: "cid", kind: "integer", doc: "Only events of this connection."},
		{name: "severity", words: []string{api.EventInfo, api.EventWarning, api.EventError}, doc: "The least severity."},
		{name: "since", doc: "From a time on, as RFC 3339, or as a duration such as `10m` before now."},
	}
	return []route{
		{
			method: http.MethodGet, path: "/events", role: viewer, perAccount: true, stream: true,
			summary:  "What happens, as it happens: as server-sent events, or as JSON lines for `Accept: application/x-ndjson`. `Last-Event-ID` goes on after an event.",
			query:    append(slices.Clip(filters), param{name: "strict", kind: "boolean", doc: "Refuse with 410 to go on from an event that is not known any more, in place of a first event `stream.gap`."}),
			produces: streamTypes, codes: []api.Code{api.CursorExpired, api.NotAcceptable}, serve: a.events,
		},
		{
			method: http.MethodGet, path: "/events/recent", role: viewer, perAccount: true, heavy: true, summary: "What has happened, oldest first.",
			query:  append(slices.Clip(filters), param{name: "limit", kind: "integer", doc: "The last ones only, 100 when not set."}),
			result: api.List[api.Event]{}, serve: a.recentEvents,
		},
	}
}

// eventTopics are the names for several kinds of events.
func eventTopics() map[string][]event.Kind {
	topics := map[string][]event.Kind{"slow_consumer": {event.ConnectionSlow, event.ConnectionStalled}}
	for _, k := range event.Kinds() {
		topic, _, _ := strings.Cut(k.String(), ".")
		topics[topic] = append(topics[topic], k)
	}
	return topics
}

// eventFilter is which events a request is about.
type eventFilter struct {
	kinds         []event.Kind
	account, user string
	cid           uint64
	severity      int
	since         time.Time
}

func (c *call) eventFilter() *eventFilter {
	f := &eventFilter{account: c.text("account"), user: c.text("user"), since: c.moment("since")}
	f.severity = slices.Index(severities, c.word("severity", severities...))
	f.cid = c.number("cid")
	topics := eventTopics()
	for _, k := range event.Kinds() {
		topics[k.String()] = []event.Kind{k}
	}
	for name := range strings.SplitSeq(c.text("topics"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		kinds, ok := topics[name]
		if !ok {
			c.wrong("topics", noTopic(name))
		}
		f.kinds = append(f.kinds, kinds...)
	}
	return f
}

func noTopic(name string) string {
	if name == "log" {
		return "lines of the log are at /logging/stream"
	}
	return fmt.Sprintf("there is no %q", name)
}

var severities = []string{api.EventInfo, api.EventWarning, api.EventError}

// number reads the id of a connection; 0 when it is not given.
func (c *call) number(name string) uint64 {
	s := c.text(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		c.wrong(name, fmt.Sprintf("%q is not the id of a connection", s))
	}
	return n
}

// moment reads a time, or how long it is ago.
func (c *call) moment(name string) time.Time {
	s := c.text(name)
	if s == "" {
		return time.Time{}
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return time.Now().Add(-ago)
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		c.wrong(name, fmt.Sprintf("%q is neither a time such as 2030-01-31T00:00:00Z nor a duration such as 10m", s))
	}
	return t
}

// passes tells whether an event is wanted, and may be seen by who asks. What is not about an account is
// not for those who are limited to some.
func (f *eventFilter) passes(v *api.Event, who *identity) bool {
	return who.sees(v.Account) &&
		(f.account == "" || f.account == v.Account) &&
		(f.user == "" || f.user == v.User) &&
		(f.cid == 0 || f.cid == v.CID) &&
		slices.Index(severities, v.Severity) >= f.severity
}

func (f *eventFilter) wants(k event.Kind) bool {
	return len(f.kinds) == 0 || slices.Contains(f.kinds, k)
}

func (a *API) recentEvents(c *call) (any, error) {
	f, limit := c.eventFilter(), c.int("limit", maxLimit, 100)
	if err := c.valid(); err != nil {
		return nil, err
	}
	view := a.eventView()
	out := &api.List[api.Event]{Items: []api.Event{}, Now: time.Now().UTC()}
	for e := range a.Server.Events().Recent() {
		if !f.wants(e.Kind()) || e.Time.Before(f.since) {
			continue
		}
		if v := view.of(e); f.passes(&v, c.who) {
			out.Items = append(out.Items, v)
		}
	}
	out.Total = len(out.Items)
	out.Items = out.Items[max(0, out.Total-limit):]
	return out, nil
}

func (a *API) events(c *call) (any, error) {
	f, strict := c.eventFilter(), c.bool("strict")
	if err := c.valid(); err != nil {
		return nil, err
	}
	view := a.eventView()
	sub, whole := a.resume(view, c.r.Header.Get("Last-Event-ID"), f)
	defer sub.Close()
	if !whole && strict {
		return nil, api.Problemf(api.CursorExpired, "the event %q is not known any more", c.r.Header.Get("Last-Event-ID"))
	}
	s, err := c.openStream()
	if s == nil {
		return nil, err
	}
	defer s.stop()
	if !whole {
		_ = s.note(api.StreamGap, 0, "") // an error shows again at the next write
	}
	_ = s.flush()
	s.run(sub.Ready(), func() error {
		events, dropped := sub.Take()
		for _, e := range events {
			v := view.of(e)
			if e.Time.Before(f.since) || !f.passes(&v, c.who) {
				continue
			}
			if err := s.send(v.ID, v.Type, v); err != nil {
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

// resume subscribes to events: from now on, from a time on, or after the event that the client has seen
// last. Whole is false if that one is not known any more.
func (a *API) resume(view *eventView, last string, f *eventFilter) (sub *event.Subscription, whole bool) {
	hub := a.Server.Events()
	switch {
	case last != "":
		seq, ok := view.sequence(last)
		if !ok {
			sub, _ = hub.Resume(0, streamQueue, f.kinds...)
			return sub, false
		}
		return hub.Resume(seq, streamQueue, f.kinds...)
	case !f.since.IsZero():
		sub, _ = hub.Resume(0, streamQueue, f.kinds...)
		return sub, true
	default:
		return hub.Subscribe(streamQueue, f.kinds...), true
	}
}
