package admin

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"natsd/internal/admin/filter"
	"natsd/internal/glob"
	"natsd/internal/status"
	"natsd/internal/subject"
)

// choice says which connections are meant. An empty one means all.
type choice struct {
	cid                       uint64
	kind, typ                 string
	account, user, name, lang string
	subject, mqttClient, tag  string
	prefix                    netip.Prefix
	tls, slow                 *bool
	idle                      time.Duration
	match                     *filter.Expr[*column[connRow]]
}

// choiceParams are the parameters of the query that a choice is read from.
var choiceParams = []param{
	{name: "kind", doc: "`client` or `leafnode`."},
	{name: "type", words: []string{status.TypeNATS, status.TypeMQTT, status.TypeWebsocket}, doc: "Protocol of the client."},
	{name: "account", doc: "Name of the account."},
	{name: "user", doc: "Name of the user."},
	{name: "name", doc: "Name of the client, a pattern with `*` and `?`."},
	{name: "ip", doc: "Address or network of the client: `10.0.0.0/8`."},
	{name: "lang", doc: "Language of the client library."},
	{name: "tls", kind: "boolean", doc: "Connected over TLS or not."},
	{name: "subject", doc: "Subscribed to something that this subject, which may have wildcards, has in common with."},
	{name: "mqtt_client", doc: "MQTT client id."},
	{name: "tag", doc: "One of the tags of the user."},
	{name: "slow", kind: "boolean", doc: "Does not keep up: much is pending, or it ended as a slow consumer."},
	{name: "idle_gt", kind: "duration", doc: "Without messages for longer than that."},
}

// choice reads choiceParams.
func (c *call) choice() *choice {
	ch := &choice{
		kind: c.text("kind"), typ: c.text("type"), account: c.text("account"), user: c.text("user"), name: c.text("name"),
		lang: c.text("lang"), subject: c.text("subject"), mqttClient: c.text("mqtt_client"), tag: c.text("tag"), idle: c.duration("idle_gt"),
	}
	if c.r.URL.Query().Has("tls") {
		v := c.bool("tls")
		ch.tls = &v
	}
	if c.r.URL.Query().Has("slow") {
		v := c.bool("slow")
		ch.slow = &v
	}
	c.word("type", status.TypeNATS, status.TypeMQTT, status.TypeWebsocket)
	ch.check(c, c.text("ip"))
	return ch
}

// check reads what needs reading.
func (ch *choice) check(c *call, ip string) {
	if ip != "" {
		p, err := prefixOf(ip)
		if err != nil {
			c.wrong("ip", err.Error())
		}
		ch.prefix = p
	}
	if ch.subject != "" && !subject.Valid(ch.subject) {
		c.wrong("subject", "it is not a valid subject")
	}
	if ch.kind != "" && !slices.ContainsFunc([]status.Kind{status.Client, status.Leafnode}, func(k status.Kind) bool { return strings.EqualFold(k.String(), ch.kind) }) {
		c.wrong("kind", "it must be client or leafnode")
	}
}

// slowShare is which part of max_pending has to be pending for a connection to be called slow.
const slowShare = 10

// fits tells whether a connection is meant. Whether it is subscribed to something is looked at last.
func (ch *choice) fits(c *call, r *connRow) bool {
	f := r.Facts
	switch {
	case !c.who.sees(f.Account),
		ch.cid != 0 && f.CID != ch.cid,
		ch.kind != "" && !strings.EqualFold(f.Kind.String(), ch.kind),
		ch.typ != "" && f.Type != ch.typ,
		ch.account != "" && f.Account != ch.account,
		ch.user != "" && f.User != ch.user,
		ch.name != "" && !glob.Match(ch.name, f.Name),
		ch.lang != "" && f.Lang != ch.lang,
		ch.mqttClient != "" && f.MQTTClient != ch.mqttClient,
		ch.tag != "" && !slices.Contains(f.Tags, ch.tag),
		ch.prefix.IsValid() && !ch.prefix.Contains(f.Remote.Addr().Unmap()),
		ch.tls != nil && *ch.tls != (f.TLS != nil),
		ch.slow != nil && *ch.slow != r.slow(c.options.Limits.MaxPending),
		ch.idle > 0 && r.idle() <= ch.idle,
		!ch.match.Match(func(col *column[connRow]) filter.Value { return col.get(r) }):
		return false
	}
	return ch.subject == "" || c.subscribed(r, ch.subject)
}

// slow tells whether a connection does not, or did not, keep up.
func (r *connRow) slow(maxPending int64) bool {
	if r.Closed != nil {
		return strings.HasPrefix(r.Closed.Reason, "Slow Consumer")
	}
	return r.Pending > maxPending/slowShare
}

// subscribed tells whether a connection is subscribed to something that subj overlaps.
func (c *call) subscribed(r *connRow, subj string) bool {
	for s := range r.EachSub(c.api.Server) {
		if subject.Overlaps(subj, s.Subject) {
			return true
		}
	}
	return false
}

var errPrefix = errors.New("it is not an address or a network such as 10.0.0.0/8")

// prefixOf reads an address or a network.
func prefixOf(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, errPrefix
	}
	addr = addr.Unmap().WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}
