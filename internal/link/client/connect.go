package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/perm"
	"natsd/internal/status"
	"natsd/internal/wire"
)

// connectOptions is the JSON of CONNECT. Keys that only servers send are not here and so have no
// effect.
type connectOptions struct {
	Verbose      bool   `json:"verbose"`
	Pedantic     bool   `json:"pedantic"`
	Echo         bool   `json:"echo"`
	Protocol     int    `json:"protocol"`
	Headers      bool   `json:"headers"`
	NoResponders bool   `json:"no_responders"`
	Name         string `json:"name"`
	Lang         string `json:"lang"`
	Version      string `json:"version"`

	User     string `json:"user"`
	Pass     string `json:"pass"`
	Token    string `json:"auth_token"`
	NKey     string `json:"nkey"`
	Sig      string `json:"sig"`
	JWT      string `json:"jwt"`
	ProxySig string `json:"proxy_sig"`

	Account    string `json:"account"`
	NewAccount bool   `json:"new_account"`
}

// defaultOptions hold for a client that sends no CONNECT.
var defaultOptions = connectOptions{Verbose: true, Pedantic: true, Echo: true}

// decisionPeriod bounds how long a client waits for the decision about it. The configured timeout is for
// the client to bring its credentials; how many others stand before it in the queue for bcrypt is not
// its fault.
const decisionPeriod = 30 * time.Second

// maxJSONDepth bounds the nesting of a CONNECT.
const maxJSONDepth = 64

var errNesting = errors.New("nested too deeply")

// parse reads a CONNECT; keys that are absent keep their values.
func (o *connectOptions) parse(text []byte) error {
	if next := *o; next.parsePlain(text) {
		*o = next
		return nil
	}
	return o.parseAny(text)
}

// parseAny reads a CONNECT in whatever form JSON allows.
func (o *connectOptions) parseAny(text []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > maxJSONDepth {
				return errNesting
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return json.Unmarshal(text, o)
}

// connect handles CONNECT, the first or a later one: that drops all subscriptions and starts over.
func (s *Session) connect(b *broker.Batch) conn.Reason {
	if err := s.opts.parse(s.dec.Args.Text); err != nil {
		s.error("Malformed CONNECT: " + err.Error())
		return conn.ProtocolViolation
	}
	f := *s.conn.Facts()
	f.Name, f.Lang, f.Version = s.opts.Name, s.opts.Lang, s.opts.Version
	s.conn.SetFacts(&f)
	s.dropSubscriptions(b)
	b.Flush() // nobody waits for what may now take its time
	if why := s.enter(b, true); why != conn.Open {
		return why
	}
	o := &s.opts
	headers := o.Headers && s.set.Info.Headers
	switch {
	case o.Account != "" || o.NewAccount:
		s.authFailed(&auth.Refusal{Reason: auth.AuthenticationFailure, Detail: "the client asks for an account"})
		s.sendErr(b, wire.TextAuthorization)
		return conn.AuthenticationViolation
	case o.Protocol < 0 || o.Protocol > 1:
		s.refuse(b, wire.TextClientProtocol)
		return conn.BadClientProtocolVersion
	case o.NoResponders && !headers:
		s.refuse(b, wire.TextNoRespondersNeedHeader)
		return conn.NoRespondersRequiresHeaders
	}
	s.echo.Store(o.Echo)
	s.headers.Store(headers)
	s.limits.Headers = headers
	s.connected(f.Start)
	s.opened()
	s.ok(b)
	return conn.Open
}

// enterWithoutConnect lets a client in that starts with another operation than CONNECT.
func (s *Session) enterWithoutConnect(b *broker.Batch) conn.Reason {
	b.Flush()
	why := s.enter(b, false)
	if why == conn.Open {
		s.opened()
	}
	return why
}

// opened tells of a client that was let in, unless a later CONNECT leaves it where it is.
func (s *Session) opened() {
	if a := s.account.Load(); a != s.announced {
		s.announced = a
		s.link.registry.Events.Publish(event.Opened{Facts: s.conn.Facts()})
	}
}

// enter authenticates the client and binds it to its account.
func (s *Session) enter(b *broker.Batch, connected bool) conn.Reason {
	o := &s.opts
	proof := &auth.Request{
		Type: auth.Standard, Remote: s.conn.Facts().Remote, TLS: s.tls, Nonce: s.nonce, Connected: connected,
		User: o.User, Pass: o.Pass, Token: o.Token,
		NKey: o.NKey, Sig: o.Sig, JWT: o.JWT, ProxySig: o.ProxySig,
	}
	s.mu.Lock()
	s.timers.arrived()
	s.mu.Unlock()
	set := s.link.Settings()
	ctx, done := s.conn.Interruptible(s.ctx, max(decisionPeriod, set.Options.Authorization.Timeout))
	defer done()
	if !set.pinned(s.tls) { // they may have changed since the handshake
		s.error(errNotPinned.Error())
		return conn.TLSHandshakeError
	}
	claimed := *s.conn.Facts()
	claimed.User, claimed.Account = cmp.Or(o.NKey, o.User), ""
	if why := s.banned(b, &claimed); why != conn.Open { // who may not come in needs no comparing of hashes
		return why
	}
	grant, err := set.Auth.Authenticate(ctx, proof)
	if err != nil {
		return s.refused(b, err)
	}
	if why := s.bind(b, proof, grant); why != conn.Open {
		return why
	}
	if why := s.banned(b, s.conn.Facts()); why != conn.Open {
		return why
	}
	if s.link.Settings() != set { // a reload may have looked at this connection before it was bound
		s.Regrant(s.ctx)
		s.adopt()
	}
	s.setApart()
	return conn.Open
}

// banned refuses a client that is banned, as far as it is known. Who bans somebody looks for his
// connections after that, so that either of the two sees the other.
func (s *Session) banned(b *broker.Batch, f *status.Facts) conn.Reason {
	found := s.link.Bans.Find(f)
	if found == nil {
		return conn.Open
	}
	found.Hits.Add(1)
	s.debug(found.Text())
	s.sendErr(b, found.Text())
	return conn.Banned
}

// refused answers a client that is not let in.
func (s *Session) refused(b *broker.Batch, err error) conn.Reason {
	if errors.Is(err, context.DeadlineExceeded) {
		return conn.AuthenticationTimeout
	}
	if errors.Is(err, context.Canceled) {
		return conn.ServerShutdown
	}
	s.authFailed(err)
	s.sendErr(b, wire.TextAuthorization)
	if r, ok := errors.AsType[*auth.Refusal](err); ok {
		switch r.Reason {
		case auth.ProxyNotTrusted:
			return conn.ProxyNotTrusted
		case auth.ProxyRequired:
			return conn.ProxyRequired
		}
	}
	return conn.AuthenticationViolation
}

// authFailed tells the log and those who listen why a client was not let in. Its name is shown, its
// secrets are not.
func (s *Session) authFailed(err error) {
	user, who := s.opts.User, ""
	switch {
	case s.opts.NKey != "":
		user = s.opts.NKey
		who = fmt.Sprintf(" - Nkey %q", user)
	case s.set.Options.Authorization.Token != "" || user == "" && s.opts.Token != "":
		user = "[REDACTED]" // a token may stand in its place
	case user != "":
		who = fmt.Sprintf(" - User %q", user)
	}
	s.logTo(s.link.authLog, slog.LevelError, "authentication error"+who)
	refusal := auth.Refusal{Reason: auth.AuthenticationFailure}
	if r, ok := errors.AsType[*auth.Refusal](err); ok {
		s.logTo(s.link.authLog, slog.LevelDebug, "Authentication failed: "+r.Detail)
		refusal = *r
	}
	if events := s.link.registry.Events; events.Wants(event.AuthFailed) {
		events.Publish(event.Refused{
			Conn: s.conn.Status(), User: user, Reason: string(refusal.Reason), Detail: refusal.Detail,
		})
	}
}

// bind puts the client into the account of the grant that it got for its proof.
func (s *Session) bind(b *broker.Batch, proof *auth.Request, g *auth.Grant) conn.Reason {
	old := s.account.Load()
	a := s.link.broker.Account(g.Account)
	for a != nil && a != old && !a.Join() {
		if !a.Gone() {
			s.refuse(b, wire.TextMaxAccountConnections)
			return conn.MaxAccountConnectionsExceeded
		}
		a = s.link.broker.Account(g.Account) // a reload has closed it, and perhaps opened another one
	}
	if a == nil {
		s.sendErr(b, wire.TextAuthorization)
		return conn.MissingAccount
	}
	if old != nil && old != a {
		old.Leave()
	}
	s.rights.Lock() // a reload that decides anew sees all of the old or all of the new
	s.account.Store(a)
	s.proof.Store(proof)
	s.grant.Store(g)
	s.replies.Store(newResponder(g.Perms))
	s.rights.Unlock()
	s.perms = g.Perms
	s.limits.ConnectFirst = false
	s.limit(a)

	f := *s.conn.Facts()
	f.User, f.Account, f.AccountTag, f.ProxyKey = g.User, a.Name, a.Name, g.ProxyKey
	s.conn.SetFacts(&f)
	s.mu.Lock()
	s.timers.entered(s, g.Expires)
	s.mu.Unlock()
	return conn.Open
}

func newResponder(p *perm.Set) *responder {
	r := p.Responses()
	if r == nil {
		return nil
	}
	return &responder{perms: p, replies: perm.NewReplies(r)}
}

// connected starts what follows a good CONNECT: the first estimate of the round trip, and the PING
// that measures it.
func (s *Session) connected(start time.Time) {
	s.conn.Counters.RTT.CompareAndSwap(0, max(1, int64(time.Since(start))))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timers.connected(s)
}
