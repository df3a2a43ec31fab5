package monitor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"natsd/internal/status"
	"natsd/internal/subject"
	"natsd/internal/topn"
)

// ConnState selects open connections, closed ones or both.
type ConnState int

// The values of ConnState, as $SYS requests number them.
const (
	ConnOpen ConnState = iota
	ConnClosed
	ConnAll
)

// ParseConnState understands open, closed, any and all in any case; "" is open.
func ParseConnState(s string) (ConnState, error) {
	switch strings.ToLower(s) {
	case "", "open":
		return ConnOpen, nil
	case "closed":
		return ConnClosed, nil
	case "any", "all":
		return ConnAll, nil
	}
	return ConnOpen, fmt.Errorf("Error decoding state for %s", s) //nolint:staticcheck // text of the protocol
}

// ConnzQuery selects connections. The zero value asks for the first page of open ones.
type ConnzQuery struct {
	Sort          string    `json:"sort"` // one of SortOptions; "" is cid
	Auth          bool      `json:"auth"` // show who is connected
	Subs          bool      `json:"subscriptions"`
	SubsDetail    bool      `json:"subscriptions_detail"` // wins over Subs
	Offset        int       `json:"offset"`
	Limit         int       `json:"limit"` // <= 0 is 1024
	CID           uint64    `json:"cid"`   // one client; forces Limit 1
	MQTTClient    string    `json:"mqtt_client"`
	State         ConnState `json:"state"`
	User          string    `json:"user"`
	Account       string    `json:"acc"`
	FilterSubject string    `json:"filter_subject"` // subscribed to something that overlaps; "" and ">" are no filter
}

// Connz is a page of connections.
type Connz struct {
	ID          string      `json:"server_id"`
	Now         time.Time   `json:"now"`
	NumConns    int         `json:"num_connections"` // rows of this page
	Total       int         `json:"total"`           // in that state and account
	Offset      int         `json:"offset"`
	Limit       int         `json:"limit"`
	Connections []*ConnInfo `json:"connections"`
}

// ConnInfo is one connection as monitoring shows it.
type ConnInfo struct {
	CID            uint64     `json:"cid"`
	Kind           string     `json:"kind,omitempty"`
	Type           string     `json:"type,omitempty"`
	IP             string     `json:"ip"`
	Port           int        `json:"port"`
	Start          time.Time  `json:"start"`
	LastActivity   time.Time  `json:"last_activity"`
	Stop           *time.Time `json:"stop,omitempty"`
	Reason         string     `json:"reason,omitempty"`
	RTT            string     `json:"rtt,omitempty"`
	Uptime         string     `json:"uptime"`
	Idle           string     `json:"idle"`
	Pending        int64      `json:"pending_bytes"`
	InMsgs         int64      `json:"in_msgs"`
	OutMsgs        int64      `json:"out_msgs"`
	InBytes        int64      `json:"in_bytes"`
	OutBytes       int64      `json:"out_bytes"`
	Stalls         int64      `json:"stalls,omitempty"`
	NumSubs        int        `json:"subscriptions"`
	Name           string     `json:"name,omitempty"`
	Lang           string     `json:"lang,omitempty"`
	Version        string     `json:"version,omitempty"`
	TLSVersion     string     `json:"tls_version,omitempty"`
	TLSCipher      string     `json:"tls_cipher_suite,omitempty"`
	TLSPeerCerts   []peerCert `json:"tls_peer_certs,omitempty"`
	TLSFirst       bool       `json:"tls_first,omitempty"`
	AuthorizedUser string     `json:"authorized_user,omitempty"`
	Account        string     `json:"account,omitempty"`
	Subs           []string   `json:"subscriptions_list,omitempty"`
	SubsDetail     []subInfo  `json:"subscriptions_list_detail,omitempty"`
	JWT            string     `json:"jwt,omitempty"`
	IssuerKey      string     `json:"issuer_key,omitempty"`
	NameTag        string     `json:"name_tag,omitempty"`
	Tags           []string   `json:"tags,omitempty"`
	MQTTClient     string     `json:"mqtt_client,omitempty"`
	Proxy          *proxyInfo `json:"proxy,omitempty"`
}

type (
	peerCert = status.PeerCert
	subInfo  = status.Sub
)

// globalAccount is the account of those who have none of their own; connz does not name it.
const globalAccount = "$G"

// Errors of a sort option that does not go with the state.
var (
	errSortStop   = errors.New("sort by stop only valid on closed connections")
	errSortReason = errors.New("sort by reason only valid on closed connections")
)

// Connz lists connections. It fails only for a bad sort option.
func (c *Collector) Connz(q ConnzQuery) (*Connz, error) {
	order, err := parseSort(q.Sort, q.State)
	if err != nil {
		return nil, err
	}
	now := c.now().UTC()
	if q.CID != 0 {
		q.Limit = 1
	}
	out := &Connz{Now: now}
	if q.Account != "" && !c.source.HasAccount(q.Account) {
		_, _, out.Offset, out.Limit = page(0, q.Offset, q.Limit)
		return out, nil
	}
	out.ID = c.source.Server().ID

	_, behind, _, _ := page(math.MaxInt, q.Offset, q.Limit)
	first := topn.New(behind, compareRanked)
	var r ranked
	for r.Row = range c.connRows(q.State) {
		if q.Account != "" && r.Facts.Account != q.Account {
			continue
		}
		out.Total++
		if c.wanted(&r.Row, &q) {
			order.rank(&r, now)
			first.Add(&r)
		}
	}
	rows := first.Rows()

	from, to, offset, limit := page(len(rows), q.Offset, q.Limit)
	out.Offset, out.Limit, out.NumConns = offset, limit, to-from
	out.Connections = make([]*ConnInfo, 0, to-from)
	infos := make([]ConnInfo, to-from)
	for i := range infos {
		c.render(&infos[i], &rows[from+i].Row, &q, now)
		out.Connections = append(out.Connections, &infos[i])
	}
	return out, nil
}

// connRows yields the connections in a state.
func (c *Collector) connRows(state ConnState) iter.Seq[status.Row] {
	return func(yield func(status.Row) bool) {
		if state != ConnClosed {
			for open := range c.source.Conns() {
				if !yield(status.Row{Conn: open}) {
					return
				}
			}
		}
		if state != ConnOpen {
			for _, closed := range c.source.AppendClosed(nil) {
				if !yield(status.Row{Conn: closed.Conn, Closed: closed}) {
					return
				}
			}
		}
	}
}

// wanted tells whether a row passes the filters that do not count for the total.
func (c *Collector) wanted(r *status.Row, q *ConnzQuery) bool {
	f := r.Facts
	switch {
	case q.CID != 0 && (f.CID != q.CID || f.Kind != status.Client),
		q.User != "" && f.User != q.User,
		q.MQTTClient != "" && f.MQTTClient != q.MQTTClient:
		return false
	}
	return q.FilterSubject == "" || q.FilterSubject == ">" || c.interested(r, q.FilterSubject)
}

func (c *Collector) interested(r *status.Row, filter string) bool {
	for s := range r.EachSub(c.source) {
		if subject.Overlaps(filter, s.Subject) {
			return true
		}
	}
	return false
}

// ConnRow shows one connection. Of q only that counts which says what to show.
func (c *Collector) ConnRow(r *status.Row, q *ConnzQuery, now time.Time) *ConnInfo {
	info := new(ConnInfo)
	c.render(info, r, q, now)
	return info
}

// render fills info, which is zero, from a row.
func (c *Collector) render(info *ConnInfo, r *status.Row, q *ConnzQuery, now time.Time) {
	f := r.Facts
	end, last := r.End(now), r.Last()
	ip, port := hostPort(f.Remote)
	*info = ConnInfo{
		CID:          f.CID,
		Kind:         f.Kind.String(),
		Type:         f.Type,
		IP:           ip,
		Port:         port,
		Start:        f.Start.UTC(),
		LastActivity: last,
		RTT:          rttText(r.RTT),
		Uptime:       uptimeText(end.Sub(f.Start)),
		Idle:         uptimeText(end.Sub(last)),
		Pending:      r.Pending,
		InMsgs:       r.InMsgs,
		OutMsgs:      r.OutMsgs,
		InBytes:      r.InBytes,
		OutBytes:     r.OutBytes,
		Stalls:       r.Stalls,
		NumSubs:      r.Subs,
		Name:         f.Name,
		Lang:         f.Lang,
		Version:      f.Version,
		MQTTClient:   f.MQTTClient,
	}
	if f.ProxyKey != "" {
		info.Proxy = &proxyInfo{f.ProxyKey}
	}
	if t := f.TLS; t != nil {
		info.TLSVersion = tlsVersionText(t.Version)
		info.TLSCipher = tls.CipherSuiteName(t.CipherSuite)
		info.TLSFirst = t.First
	}
	if r.Closed != nil {
		stop := r.Closed.Stop.UTC()
		info.Stop, info.Reason = &stop, r.Closed.Reason
	}
	info.setIdentity(r, q.Auth)
	switch {
	case q.SubsDetail:
		info.SubsDetail = slices.Collect(r.EachSub(c.source))
	case q.Subs:
		for s := range r.EachSub(c.source) {
			info.Subs = append(info.Subs, s.Subject)
		}
	}
}

// setIdentity shows who is connected. A closed connection shows most of it unasked.
func (info *ConnInfo) setIdentity(r *status.Row, asked bool) {
	f := r.Facts
	if asked {
		info.AuthorizedUser = f.User
		if f.Account != globalAccount {
			info.Account = f.Account
		}
		if f.TLS != nil && r.Closed == nil {
			info.TLSPeerCerts = f.TLS.PeerCerts
		}
	}
	if asked || r.Closed != nil {
		info.JWT, info.IssuerKey, info.Tags = f.JWT, f.IssuerKey, f.Tags
		if r.Closed == nil || f.Account != globalAccount {
			info.NameTag = f.AccountTag
		}
	}
}
