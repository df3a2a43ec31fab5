package route

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/link/peer"
	"natsd/internal/nuid"
	"natsd/internal/status"
	"natsd/internal/transport/s2conn"
	"natsd/internal/transport/tlsconn"
	"natsd/internal/wire"
)

const nonceSize = 15

func nonce() string { return nuid.Token(nonceSize) }

// secure does the TLS handshake, where TLS is configured, and sets the transport.
func (s *Session) secure(ctx context.Context) conn.Reason {
	var t conn.Transport
	var err error
	if s.set.tls == nil {
		t, err = peer.Plain(s.conn.Sock())
		if err != nil {
			return conn.ReadError
		}
	} else if t, err = s.handshake(ctx); err != nil {
		s.error(err.Error())
		s.link.forgetName(s.dial, err)
		return conn.TLSHandshakeError
	}
	if s.own = peer.Mode(&s.set.Cluster.Compression); peer.Negotiates(s.own) {
		s.s2 = s2conn.New(t)
		t = s.s2
	}
	s.trans = t
	s.conn.SetTransport(t)
	return conn.Open
}

func (s *Session) handshake(ctx context.Context) (conn.Transport, error) {
	s.debug("Starting TLS route handshake")
	ctx, done := s.conn.Interruptible(ctx, s.set.tls.Config().Timeout)
	defer done()
	var c *tlsconn.Conn
	var err error
	if s.dial != nil {
		c, err = s.set.tls.Dial(ctx, s.conn.Sock(), s.link.nameFor(s.dial.target))
	} else {
		c, err = s.set.tls.Accept(ctx, s.conn.Sock())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("TLS handshake timeout")
	case err != nil:
		return nil, err
	}
	state := c.State()
	f := *s.conn.Facts()
	f.TLS = &status.TLS{Version: state.Version, CipherSuite: state.CipherSuite}
	s.conn.SetFacts(&f)
	return c, nil
}

// connectLine is what the side that has dialed begins with.
func (s *Session) connectLine() []byte {
	name := s.link.name.Load()
	c := connect{
		Echo: true, TLS: s.set.tls != nil, Headers: s.set.Info.Headers, LNOC: true,
		Name: s.link.ID, Cluster: name.text, ClusterDynamic: name.dynamic,
		User: s.dial.target.user, Pass: s.dial.target.pass,
	}
	return c.line()
}

// firstInfo is the INFO that tells the other side who this one is.
func (s *Session) firstInfo() *Info {
	i := s.link.baseInfo(s.set)
	i.Compression = s.own
	if m := s.mode.Load(); m != nil {
		i.Compression = *m
	}
	i.PoolSize, i.Nonce = s.set.pool, nonce()
	if d := s.dial; d != nil {
		i.Account = d.account
		i.GossipMode = d.target.gossip
	}
	return i
}

// baseInfo is what every INFO has.
func (l *Link) baseInfo(set *Settings) *Info {
	i := set.Info
	i.PoolSize = 0
	name := l.name.Load()
	i.Cluster, i.ClusterDynamic = name.text, name.dynamic
	return &i
}

// connected takes the CONNECT of a server that has dialed this one.
func (s *Session) connected(b *broker.Batch) conn.Reason {
	if s.dial != nil || !s.dec.Limits.ConnectFirst {
		return conn.Open
	}
	var c connect
	if err := json.Unmarshal(s.dec.Args.Text, &c); err != nil {
		s.error("Malformed CONNECT: " + err.Error())
		return conn.ProtocolViolation
	}
	s.mu.Lock()
	s.timers.arrived()
	s.mu.Unlock()
	s.secret, s.admitted = c, s.set
	if why := s.authenticate(b); why != conn.Open {
		return why
	}
	switch {
	case c.Lang != "":
		s.refuse(b, "attempted to connect to route port")
		return conn.WrongPort
	case c.Gateway != "":
		s.refuse(b, fmt.Sprintf("Rejecting connection from gateway %q on the Route port", c.Gateway))
		return conn.WrongGateway
	}
	if own, ok := s.link.agreeOnName(s, c.Cluster, c.ClusterDynamic); !ok {
		s.refuse(b, fmt.Sprintf("Rejecting connection, cluster name %q does not match %q", c.Cluster, own))
		return conn.ClusterNameConflict
	}
	s.dec.Limits.ConnectFirst = false
	return conn.Open
}

// decisionPeriod bounds how long a server waits for the decision about it: others may stand before it in the
// queue for bcrypt.
const decisionPeriod = 30 * time.Second

// authenticate decides whether a server that has dialed this one may come in.
func (s *Session) authenticate(b *broker.Batch) conn.Reason {
	ctx, done := s.conn.Interruptible(s.link.Tasks.Context(), max(decisionPeriod, s.set.Cluster.Auth.Timeout))
	defer done()
	switch ok, err := s.admitted.admits(ctx, s); {
	case errors.Is(err, context.DeadlineExceeded):
		s.refuse(b, wire.TextAuthTimeout)
		return conn.AuthenticationTimeout
	case err != nil:
		return conn.ServerShutdown // or why the connection has been closed, which counts
	case !ok:
		s.refuse(b, wire.TextAuthorization)
		return conn.AuthenticationViolation
	}
	return conn.Open
}

// asksAs tells whether the same has to be shown to come in as by other settings.
func (set *Settings) asksAs(other *Settings) bool {
	now, then := &set.Cluster.Auth, &other.Cluster.Auth
	return now.User == then.User && now.Password == then.Password
}

// admits tells whether the server at the other end may come in by these settings.
func (set *Settings) admits(ctx context.Context, s *Session) (bool, error) {
	return s.link.Auth.Admits(ctx, s.conn.Facts().Remote.Addr(), &set.Cluster.Auth, s.secret.User, s.secret.Pass)
}

// info takes an INFO, the first or a later one.
func (s *Session) info(b *broker.Batch) conn.Reason {
	i := new(Info)
	if err := json.Unmarshal(s.dec.Args.Text, i); err != nil {
		s.error("Malformed INFO: " + err.Error())
		return conn.ProtocolViolation
	}
	if i.AddRequest != "" {
		s.accountMoves(b, i)
		return conn.Open
	}
	if i.ServerID == "" && !s.up.Load() {
		s.refuse(b, "INFO without a server_id") // it would be the same server as all others without one
		return conn.ProtocolViolation
	}
	if i.ServerID == s.link.ID {
		if s.up.Load() {
			return conn.Open // others tell of this server
		}
		if s.dial != nil {
			s.dial.target.setSelf()
		}
		s.debug("Detected a route to itself")
		return conn.DuplicateRoute
	}
	if s.up.Load() && i.ServerID != s.remote.Load().ServerID {
		s.link.heard(s, i)
		return conn.Open
	}
	if i.Cluster != "" {
		if own, ok := s.link.agreeOnName(s, i.Cluster, i.ClusterDynamic); !ok {
			s.error(fmt.Sprintf("Rejecting connection, cluster name %q does not match %q", i.Cluster, own))
			return conn.ClusterNameConflict
		}
	}
	if s.up.Load() {
		s.link.updated(b, s, i)
		return conn.Open
	}
	if s.dial == nil && i.ServerName == s.set.Info.ServerName {
		s.error(fmt.Sprintf("Remote server has a duplicate name: %q", i.ServerName))
		return conn.DuplicateServerName
	}
	if !s.agreed {
		s.agreed = true
		if switched, why := s.agreeOnCompression(b, i); switched || why != conn.Open {
			return why
		}
	}
	return s.register(b, i)
}

// agreeOnCompression reports whether the connection compresses from now on: then another INFO comes.
func (s *Session) agreeOnCompression(b *broker.Batch, i *Info) (switched bool, why conn.Reason) {
	mode, err := peer.Agree(s.own, i.Compression)
	if err != nil {
		s.refuse(b, err.Error())
		return false, conn.ProtocolViolation
	}
	s.mode.Store(&mode)
	if !peer.Compresses(mode) {
		return false, conn.Open
	}
	again := s.firstInfo()
	if s.dial == nil {
		s.compress(s.set, mode, time.Since(s.since))
		s.s2.Decompress()
		return true, s.failed(s.say(again.line()))
	}
	if err := s.say(again.line()); err != nil {
		return true, conn.WriteError
	}
	s.s2.Decompress()
	s.compress(s.set, mode, time.Since(s.since))
	return true, conn.Open
}

func (s *Session) failed(err error) conn.Reason {
	if err != nil {
		return conn.WriteError
	}
	return conn.Open
}

var levels = map[string]s2conn.Level{
	peer.S2Uncompressed: s2conn.Uncompressed, peer.S2Fast: s2conn.Fast,
	peer.S2Better: s2conn.Better, peer.S2Best: s2conn.Best,
}

// compress sets how hard this side compresses.
func (s *Session) compress(set *Settings, mode string, rtt time.Duration) {
	s.s2.SetLevel(levels[peer.Level(mode, set.Cluster.Compression.Thresholds, rtt)])
}

// agreeOnName compares the name of the cluster with the one of the other side, and takes that over where
// the own one was made up. No name is no name to take over. It returns the own name, and whether they are
// the same now.
func (l *Link) agreeOnName(s *Session, name string, dynamic bool) (own string, ok bool) {
	for {
		now := l.name.Load()
		if now.text == name {
			return name, true
		}
		if !now.dynamic || name == "" || dynamic && now.text >= name {
			return now.text, false
		}
		if l.name.CompareAndSwap(now, &clusterName{name, dynamic}) {
			s.debug("Cluster name updated to " + name)
			l.closeOthers(s)
			l.tell()
			return name, true
		}
	}
}

// closeOthers ends all routes but s, so that they agree on the name anew.
func (l *Link) closeOthers(s *Session) {
	for c := range l.Registry.All() {
		if c.Session() != conn.Session(s) {
			c.Close(conn.ClusterNameConflict)
		}
	}
}

// nameFor is the name that the certificate of a server must be for: the host, or where only an address is
// known, one that the configuration names.
func (l *Link) nameFor(t *target) string {
	host, _, err := net.SplitHostPort(t.hostPort)
	if err != nil {
		return t.hostPort
	}
	if net.ParseIP(host) == nil {
		return host
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tlsName != "" {
		return l.tlsName
	}
	return host
}

// forgetName drops the name that stands for addresses when it proves wrong.
func (l *Link) forgetName(d *dialed, err error) {
	if d == nil || !peer.WrongName(err) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if host, _, _ := net.SplitHostPort(d.target.hostPort); net.ParseIP(host) != nil {
		l.tlsName = ""
	}
}
