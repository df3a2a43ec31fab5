package metrics

import (
	"cmp"
	"slices"

	"natsd/internal/status"
)

// boundAccounts keeps the accounts with slow consumers and then the busiest ones, and adds up all others
// under the name other.
func boundAccounts(all []status.Account, limit int) []status.Account {
	slices.SortFunc(all, func(a, b status.Account) int {
		return cmp.Or(
			cmp.Compare(number(a.Name == other), number(b.Name == other)), // its series is that of the rest
			cmp.Compare(b.SlowConsumers, a.SlowConsumers),
			cmp.Compare(moved(&b), moved(&a)),
			cmp.Compare(a.Name, b.Name),
		)
	})
	if len(all) <= limit {
		return all
	}
	rest := status.Account{Name: other, Tag: other}
	for i := range all[limit:] {
		add(&rest, &all[limit+i])
	}
	return append(all[:limit:limit], rest)
}

func moved(a *status.Account) int64 { return a.Sent.Bytes + a.Received.Bytes }

func add(sum, a *status.Account) {
	sum.Clients += a.Clients
	sum.Leafnodes += a.Leafnodes
	sum.Subs += a.Subs
	sum.Sent.Msgs += a.Sent.Msgs
	sum.Sent.Bytes += a.Sent.Bytes
	sum.Received.Msgs += a.Received.Msgs
	sum.Received.Bytes += a.Received.Bytes
	sum.SlowConsumers += a.SlowConsumers
}

// accountFamily is a family of metrics about accounts, and its value for one of them.
type accountFamily struct {
	name, help string
	of         func(a *status.AccountDetail) float64
}

// accstatz is what the exporter makes of that page.
var accstatz = []accountFamily{
	{"current_connections", "Connections of the account.", func(a *status.AccountDetail) float64 { return float64(a.Clients) }},
	{"total_connections", "Connections and leaf nodes of the account.", func(a *status.AccountDetail) float64 { return float64(a.Clients + a.Leafnodes) }},
	{"subscriptions", "Subscriptions of the account.", func(a *status.AccountDetail) float64 { return float64(a.Subs) }},
	{"leaf_nodes", "Leaf nodes of the account.", func(a *status.AccountDetail) float64 { return float64(a.Leafnodes) }},
	{"sent_messages", "Messages sent to connections of the account.", func(a *status.AccountDetail) float64 { return float64(a.Sent.Msgs) }},
	{"sent_bytes", "Bytes sent to connections of the account.", func(a *status.AccountDetail) float64 { return float64(a.Sent.Bytes) }},
	{"received_messages", "Messages received from connections of the account.", func(a *status.AccountDetail) float64 { return float64(a.Received.Msgs) }},
	{"received_bytes", "Bytes received from connections of the account.", func(a *status.AccountDetail) float64 { return float64(a.Received.Bytes) }},
	{"slow_consumers", "Slow consumers of the account since the start.", func(a *status.AccountDetail) float64 { return float64(a.SlowConsumers) }},
}

// accountz is what it makes of that one.
var accountz = []accountFamily{
	{"client_connections", "Client connections of the account.", func(a *status.AccountDetail) float64 { return float64(a.Clients) }},
	{"leafnode_connections", "Leaf nodes of the account.", func(a *status.AccountDetail) float64 { return float64(a.Leafnodes) }},
	{"subscriptions", "Subscriptions of the account.", func(a *status.AccountDetail) float64 { return float64(a.Subs) }},
	{"is_system", "1 for the system account.", func(a *status.AccountDetail) float64 { return number(a.System) }},
	{"expired", "1 when the claims of the account are no longer valid.", func(a *status.AccountDetail) float64 { return number(a.Expired) }},
	{"complete", "1 when all imports of the account are resolved.", func(a *status.AccountDetail) float64 { return number(a.Complete) }},
	{"jetstream_enabled", "1 when the account has JetStream.", func(a *status.AccountDetail) float64 { return number(a.JetStream) }},
}

// accountPages gives the traffic and the state of accounts.
func (s *scrape) accountPages() {
	for i := range s.accounts {
		a := status.AccountDetail{Account: s.accounts[i]}
		name := cmp.Or(a.Tag, a.Name)
		for _, x := range accstatz {
			f := &family{name: s.request.prefix + "_accstatz_" + x.name, help: x.help, labels: []string{"account", "account_id", "account_name"}}
			s.emit(f, x.of(&a), a.Name, a.Name, name)
		}
		detail, ok := s.deps.Source.Account(a.Name)
		if !ok {
			continue // gone, or the sum of others
		}
		for _, x := range accountz {
			f := &family{name: s.request.prefix + "_accountz_" + x.name, help: x.help, labels: []string{"account_id", "account_name"}}
			s.emit(f, x.of(&detail), a.Name, name)
		}
	}
}
