package monitor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"natsd/internal/status"
)

// AccountzQuery asks for the list of accounts or for one of them.
type AccountzQuery struct {
	Account string `json:"account"`
}

// Accountz lists the accounts by name, or describes one.
type Accountz struct {
	ID            string         `json:"server_id"`
	Now           time.Time      `json:"now"`
	SystemAccount string         `json:"system_account,omitempty"`
	Accounts      []string       `json:"accounts,omitempty"`
	Detail        *AccountDetail `json:"account_detail,omitempty"`
}

// AccountDetail describes one account.
type AccountDetail struct {
	Name          string                        `json:"account_name"`
	Updated       time.Time                     `json:"update_time"`
	IsSystem      bool                          `json:"is_system,omitempty"`
	Expired       bool                          `json:"expired"`
	Complete      bool                          `json:"complete"`
	JetStream     bool                          `json:"jetstream_enabled"`
	LeafnodeConns int                           `json:"leafnode_connections"`
	ClientConns   int                           `json:"client_connections"`
	Subs          uint32                        `json:"subscriptions"`
	Mappings      map[string][]status.MapTarget `json:"mappings,omitempty"`
	Exports       []status.Export               `json:"exports,omitempty"`
	Imports       []status.Import               `json:"imports,omitempty"`
	JWT           string                        `json:"jwt,omitempty"`
	IssuerKey     string                        `json:"issuer_key,omitempty"`
	NameTag       string                        `json:"name_tag,omitempty"`
	Tags          []string                      `json:"tags,omitempty"`
	Sublist       *SublistStats                 `json:"sublist_stats,omitempty"`
}

// Accountz lists accounts. It fails only for the name of an account that does not exist.
func (c *Collector) Accountz(q AccountzQuery) (*Accountz, error) {
	server := c.source.Server()
	out := &Accountz{ID: server.ID, Now: c.now().UTC(), SystemAccount: server.SystemAccount}
	if q.Account == "" {
		for _, a := range c.source.Accounts() {
			out.Accounts = append(out.Accounts, a.Name)
		}
		slices.Sort(out.Accounts)
		return out, nil
	}
	a, ok := c.source.Account(q.Account)
	if !ok {
		return nil, fmt.Errorf("Account %s does not exist", q.Account) //nolint:staticcheck // text of the protocol
	}
	stats := newSublistStats(a.Index)
	out.Detail = &AccountDetail{
		Name:          a.Name,
		Updated:       a.Updated.UTC(),
		IsSystem:      a.System,
		Expired:       a.Expired,
		Complete:      a.Complete,
		JetStream:     a.JetStream,
		LeafnodeConns: a.Leafnodes,
		ClientConns:   a.Clients,
		Subs:          a.Subs,
		Mappings:      a.Mappings,
		Exports:       a.Exports,
		Imports:       a.Imports,
		JWT:           a.JWT,
		IssuerKey:     a.IssuerKey,
		NameTag:       a.Tag,
		Tags:          a.Tags,
		Sublist:       &stats,
	}
	return out, nil
}

// AccstatzQuery asks for the traffic of accounts.
type AccstatzQuery struct {
	Accounts []string `json:"accounts"` // only these; empty is all
	Unused   bool     `json:"include_unused"`
}

// Accstatz is the traffic of accounts, by name.
type Accstatz struct {
	ID       string        `json:"server_id"`
	Now      time.Time     `json:"now"`
	Accounts []AccountStat `json:"account_statz"`
}

// AccountStat is the traffic of one account.
type AccountStat struct {
	Account       string                `json:"acc"`
	Name          string                `json:"name"`
	Conns         int                   `json:"conns"`
	Leafnodes     int                   `json:"leafnodes"`
	TotalConns    int                   `json:"total_conns"`
	NumSubs       uint32                `json:"num_subscriptions"`
	Sent          status.AccountTraffic `json:"sent"`
	Received      status.AccountTraffic `json:"received"`
	SlowConsumers int64                 `json:"slow_consumers"`
}

// Accstatz lists the traffic of accounts that have a connection here, or with Unused of all.
func (c *Collector) Accstatz(q AccstatzQuery) *Accstatz {
	out := &Accstatz{ID: c.source.Server().ID, Now: c.now().UTC(), Accounts: []AccountStat{}}
	for _, a := range c.asked(q.Accounts) {
		if q.Unused || a.Clients > 0 || a.Leafnodes > 0 {
			out.Accounts = append(out.Accounts, newAccountStat(&a))
		}
	}
	slices.SortFunc(out.Accounts, func(a, b AccountStat) int { return strings.Compare(a.Account, b.Account) })
	return out
}

// asked returns the accounts of these names, or all accounts for none. One account costs the same however
// many there are.
func (c *Collector) asked(names []string) []status.Account {
	if len(names) == 0 {
		return c.source.Accounts()
	}
	var out []status.Account
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if a, ok := c.source.Account(name); ok {
			out = append(out, a.Account)
		}
	}
	return out
}

func newAccountStat(a *status.Account) AccountStat {
	return AccountStat{
		Account:       a.Name,
		Name:          cmp.Or(a.Tag, a.Name),
		Conns:         a.Clients,
		Leafnodes:     a.Leafnodes,
		TotalConns:    a.Clients + a.Leafnodes,
		NumSubs:       a.Subs,
		Sent:          a.Sent,
		Received:      a.Received,
		SlowConsumers: a.SlowConsumers,
	}
}
