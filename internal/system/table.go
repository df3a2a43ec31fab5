package system

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"natsd/internal/broker"
	"natsd/internal/monitor"
)

// service answers requests: everybody's on $SYS.REQ.SERVER.PING.<name>, this server's on
// $SYS.REQ.SERVER.<id>.<name>, or those about an account on $SYS.REQ.ACCOUNT.<account>.<name>.
type service struct {
	name  string
	serve func(ctx context.Context, s *Services, r *request)
	lane  func(s *Services) *lane // nil is the quick one
}

// asks makes a service that has options Q and answers with data or an error. The error is shown beside
// the data, which is null then if it is a nil pointer.
func asks[Q any](name string, ask func(ctx context.Context, s *Services, r *request, q *Q) (any, error)) service {
	return service{name: name, serve: func(ctx context.Context, s *Services, r *request) {
		var q Q
		if !s.read(r, &q) {
			return
		}
		if data, err := ask(ctx, s, r, &q); !errors.Is(err, errSilence) {
			s.conclude(r, data, err)
		}
	}}
}

// errSilence makes a service say nothing at all.
var errSilence = errors.New("nothing to say")

// none are the options of a service that has none.
type none struct{}

// listing are the options of services that list connections to other servers.
type listing struct {
	Subs       bool `json:"subscriptions"`
	SubsDetail bool `json:"subscriptions_detail"`
}

// serverServices are those that each server offers.
var serverServices = []service{
	{name: "IDZ", serve: identify},
	{name: "STATSZ", serve: serveStatsz},
	asks("VARZ", func(_ context.Context, s *Services, _ *request, _ *none) (any, error) {
		return s.setup.Collector.Varz(), nil
	}),
	asks("CONNZ", func(_ context.Context, s *Services, _ *request, q *monitor.ConnzQuery) (any, error) {
		return s.connz(q)
	}),
	asks("SUBSZ", func(_ context.Context, s *Services, _ *request, q *monitor.SubszQuery) (any, error) {
		return s.setup.Collector.Subsz(*q)
	}),
	asks("ROUTEZ", func(_ context.Context, s *Services, _ *request, q *monitor.RoutezQuery) (any, error) {
		return s.setup.Collector.Routez(*q), nil
	}),
	asks("GATEWAYZ", func(_ context.Context, s *Services, _ *request, _ *listing) (any, error) {
		return s.setup.Collector.Gatewayz(), nil
	}),
	asks("LEAFZ", func(_ context.Context, s *Services, _ *request, _ *listing) (any, error) {
		return s.setup.Collector.Leafz(), nil
	}),
	asks("ACCOUNTZ", func(_ context.Context, s *Services, _ *request, q *monitor.AccountzQuery) (any, error) {
		return s.setup.Collector.Accountz(*q)
	}),
	asks("JSZ", func(_ context.Context, s *Services, _ *request, q *monitor.JszQuery) (any, error) {
		if q.LeaderOnly {
			return nil, errSilence
		}
		return s.setup.Collector.Jsz(*q)
	}),
	asks("HEALTHZ", func(_ context.Context, s *Services, _ *request, q *healthzQuery) (any, error) {
		q.JSEnabledOnly = q.JSEnabledOnly || q.JSEnabled
		return s.setup.Collector.Healthz(q.HealthzQuery), nil
	}),
	asks("EXPVARZ", func(_ context.Context, s *Services, _ *request, _ *none) (any, error) {
		return s.setup.Collector.Vars(), nil
	}),
	asks("IPQUEUESZ", func(_ context.Context, s *Services, _ *request, _ *none) (any, error) {
		return s.setup.Collector.IPQueuesz(), nil
	}),
	asks("RAFTZ", func(context.Context, *Services, *request, *none) (any, error) {
		return (*none)(nil), nil // there are no groups
	}),
	slow(asks("PROFILEZ", func(ctx context.Context, s *Services, _ *request, q *monitor.ProfilezQuery) (any, error) {
		return s.setup.Collector.Profilez(ctx, *q), nil
	}), func(s *Services) *lane { return &s.profile }),
}

// healthzQuery knows one more name for an option.
type healthzQuery struct {
	monitor.HealthzQuery
	JSEnabled bool `json:"js-enabled"`
}

// ownServices are those that a server offers under its own id only.
var ownServices = []service{
	slow(asks("RELOAD", func(ctx context.Context, s *Services, _ *request, _ *none) (any, error) {
		return nil, s.setup.Operator.Reload(ctx)
	}), func(s *Services) *lane { return &s.control }),
	onClient("KICK", func(o Operator, cid uint64) error { return o.Kick(cid) }),
	onClient("LDM", func(o Operator, cid uint64) error { return o.LameDuck(cid) }),
}

// accountServices answer about one account.
var accountServices = []service{
	asks("SUBSZ", func(_ context.Context, s *Services, r *request, q *monitor.SubszQuery) (any, error) {
		q.Subs, q.Account = true, r.account()
		return s.setup.Collector.Subsz(*q)
	}),
	asks("CONNZ", func(_ context.Context, s *Services, r *request, q *monitor.ConnzQuery) (any, error) {
		if a := r.account(); a != everyAccount {
			q.Account = a
		}
		return s.connz(q)
	}),
	asks("LEAFZ", func(_ context.Context, s *Services, _ *request, _ *listing) (any, error) {
		return s.setup.Collector.Leafz(), nil
	}),
	asks("JSZ", func(context.Context, *Services, *request, *monitor.JszQuery) (any, error) {
		return (*none)(nil), errNoJetStream
	}),
	asks("INFO", func(_ context.Context, s *Services, r *request, _ *none) (any, error) {
		z, err := s.setup.Collector.Accountz(monitor.AccountzQuery{Account: r.account()})
		if err != nil {
			return (*monitor.AccountDetail)(nil), err
		}
		return z.Detail, nil
	}),
	asks("STATZ", func(_ context.Context, s *Services, r *request, q *monitor.AccstatzQuery) (any, error) {
		if a := r.account(); a != everyAccount {
			q.Accounts = []string{a}
		}
		z := s.setup.Collector.Accstatz(*q)
		if len(z.Accounts) == 0 && !q.Unused {
			return nil, errSilence
		}
		return z, nil
	}),
	{name: "CONNS", serve: serveConns},
}

// everyAccount stands in the place of an account where all are meant.
const everyAccount = "PING"

// slow moves a service to another lane, so that it does not hold up others.
func slow(v service, on func(s *Services) *lane) service {
	v.lane = on
	return v
}

// errFilterNeedsAccount is the answer to a filter that HTTP permits and $SYS does not.
var errFilterNeedsAccount = errors.New("filter by subject only valid with account filtering")

func (s *Services) connz(q *monitor.ConnzQuery) (*monitor.Connz, error) {
	if q.FilterSubject != "" && q.FilterSubject != ">" && q.Account == "" {
		return nil, errFilterNeedsAccount
	}
	return s.setup.Collector.Connz(*q)
}

// identify says who this server is, whatever the request says.
func identify(_ context.Context, s *Services, r *request) {
	info := s.setup.Info()
	body, err := json.Marshal(struct {
		Name string `json:"name"`
		Host string `json:"host"`
		ID   string `json:"id"`
	}{info.Name, info.Host, info.ID})
	if err == nil {
		s.respond(r, r.encoding(), body)
	}
}

// onClient makes a service that does something to one connection. Options that make no sense get no
// answer, only a line in the log.
func onClient(name string, do func(o Operator, cid uint64) error) service {
	type options struct {
		CID uint64 `json:"cid"`
	}
	return service{name: name, serve: func(_ context.Context, s *Services, r *request) {
		var q options
		if err := json.Unmarshal(r.body, &q); err != nil {
			s.setup.Log.Error("Error unmarshalling " + name + " request: " + err.Error())
			return
		}
		if s.read(r, &q) {
			s.conclude(r, nil, do(s.setup.Operator, q.CID))
		}
	}}
}

// table returns what is served in the system account, by subject filter.
func (s *Services) table() map[string]broker.Sink {
	id := s.setup.ID
	t := map[string]broker.Sink{s.relays.prefix + "*": &answers{s}}
	add := func(filter string, v *service) {
		h := &handler{services: s, lane: &s.quick}
		if v.lane != nil {
			h.lane = v.lane(s)
		}
		h.serve = func(ctx context.Context, r *request) { v.serve(ctx, s, r) }
		t[filter] = h
	}
	for i := range serverServices {
		v := &serverServices[i]
		add("$SYS.REQ.SERVER.PING."+v.name, v)
		add("$SYS.REQ.SERVER."+id+"."+v.name, v)
	}
	add("$SYS.REQ.SERVER.PING", &service{serve: serveStatsz})
	for i := range ownServices {
		add("$SYS.REQ.SERVER."+id+"."+ownServices[i].name, &ownServices[i])
	}
	for i := range accountServices {
		add("$SYS.REQ.ACCOUNT.*."+accountServices[i].name, &accountServices[i])
	}
	add("$SYS.DEBUG.SUBSCRIBERS", &service{serve: countSubscribers})
	s.listen(t)
	return t
}

// serveStatsz answers with the short state of the server. A request that does not say where to has it
// published for all.
func serveStatsz(_ context.Context, s *Services, r *request) {
	if r.reply == "" {
		s.news.statszDue()
		r = &request{in: r.in, subject: r.subject, body: r.body, reply: s.statszSubject()}
	}
	var q none
	if s.read(r, &q) {
		s.respondStatsz(r)
	}
}

func (s *Services) statszSubject() string { return "$SYS.SERVER." + s.setup.ID + ".STATSZ" }

// statsz is the message about the state of a server.
type statsz struct {
	Server ServerInfo      `json:"server"`
	Statsz *monitor.Statsz `json:"statsz"`
}

func (s *Services) newStatsz() *statsz {
	return &statsz{Server: s.introduce(time.Now()), Statsz: s.setup.Collector.Statsz(s.others.count() + 1)}
}

func (s *Services) respondStatsz(r *request) {
	if body, err := json.Marshal(s.newStatsz()); err == nil {
		s.respond(r, r.encoding(), body)
	}
}

// errNoJetStream is why nothing can be told of JetStream in an account.
var errNoJetStream = errors.New("jetstream not enabled")
