package transcript

import (
	"path/filepath"
	"strings"
	"testing"
)

const (
	peerAccounts = `accounts { ACCA { users: [{user: a, password: a}] }, ACCB { users: [{user: b, password: b}] }, ACCC { users: [{user: c, password: c}] } }`
	pairAccounts = `accounts { SRV { users: [{user: SRV, password: SRV}] }, CLI { users: [{user: CLI, password: CLI}] } }`
)

// peerReplays are the recordings of routes, with the roles in which natsd plays them.
var peerReplays = map[string]map[string]PeerRules{
	"R01-route-default-pool-handshake": {"A": {}, "B": {}},
	"R02-route-nopool-interest":        {"A": {}, "B": {}},
	"R03-route-queue": {
		"A": {}, "B": {Loose: []string{"q1 has local member on B"}},
	},
	"R04-route-headers":                {"A": {}, "B": {}},
	"R05-route-accounts-pool":          {"A": {Conf: peerAccounts}, "B": {Conf: peerAccounts}},
	"R06-route-pinned-account":         {"A": {Conf: peerAccounts, Cluster: "accounts: [ACCA]", User: "a"}, "B": {Conf: peerAccounts, Cluster: "accounts: [ACCA]", User: "a"}},
	"R07-route-2.9.10-dials-latest":    {"B": {}},
	"R08-route-latest-dials-2.9.10":    {"A": {Drop: []int{1, 2, 4, 5}}},
	"R09-route-lame-duck-and-shutdown": {"A": {Conf: "lame_duck_duration: 30s, lame_duck_grace_period: 500ms"}, "B": {}},
	"R10-route-rejects":                {"B": {Until: "case 2", Cluster: "authorization { user: u, password: good }"}},
	"R10-route-rejects#2":              {"B": {From: "case 2", Until: "case 3", Name: "Y"}},
	"R10-route-rejects#3":              {"B": {From: "case 3", Called: "S"}},
	"R10-route-rejects#4":              {"A": {Until: "case 2", Login: "u:bad@"}},
	"R11-route-dynamic-cluster-name":   {"A": {Until: "case 2", Name: "-", Mapped: map[string]string{"E6Bmj6Df18wjNtkMIr9uBi": "zzzzzzzz", "DFZsNaQBtmpmgpQUd80lmt": "*"}}},
	"R11-route-dynamic-cluster-name#2": {"A": {From: "case 2", Name: "-", Mapped: map[string]string{"F1ME7DDtNfbluJZl6y9cf6": "*"}, Ignore: []string{"cluster_dynamic"}}},
	"R12-route-gossip-third-node":      {"A": {}, "B": {}, "C": {Cluster: `advertise: "127.0.0.1:<cluster_port>"`}},
	"R13-route-compression-s2":         {"A": {}, "B": {}},
	"R13b-route-compression-auto-pool": {"A": {Drop: []int{1}}, "B": {}},
	"R14-route-malformed-ops":          {"B": {Free: []string{`INFO {"server_id":"NFAKE`}}},
	"R15-route-request-reply-no-responders-service": {
		"A": {Conf: pairAccounts, Servers: peerR15, Until: "_INBOX.cli"}, "B": {Conf: pairAccounts, Servers: peerR15, Until: "_INBOX.cli"},
	},
	"R16-route-permissions": {"A": {Cluster: `permissions { import: ["a.>"], export: ["b.>"] }`}, "B": {}},
	"R17-route-reload-and-connect-urls": {
		"A": {Conf: `client_advertise: "a.example:4222"`, Free: []string{"RS- $G $"}, Reload: map[string][2]string{"A": {"name: C1", "name: C1, permissions { import: [\"a.>\"] }"}}},
		"B": {Conf: `client_advertise: "b.example:4222"`},
	},
	"R18-route-both-sides-solicit":   {"A": {Drop: []int{2}}, "B": {}},
	"R19-route-different-pool-sizes": {"A": {Free: []string{"RS"}}, "B": {Free: []string{"RS"}}},
	"R20-route-reload-pinned-account-add": {
		"A": {Conf: peerAccounts, User: "a", Drop: []int{5}, Reload: map[string][2]string{"A": {"name: C1", "name: C1, accounts: [ACCA]"}}},
		"B": {Conf: peerAccounts, User: "a", Reload: map[string][2]string{"B": {"name: C1", "name: C1, accounts: [ACCA]"}}},
	},
	"R21-route-2.14.5-dials-2.9.10":          {"A": {Drop: []int{1}}},
	"R22-route-2.9.10-dials-2.14.5":          {"B": {}},
	"R23-route-2.14.5-and-2.15-dev-defaults": {"A": {}, "B": {}},
}

var peerR15 = map[string]string{"s": "A", "s2": "B"}

func TestPeerRecordings(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/peers/R*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	played := map[string]bool{}
	for name, roles := range peerReplays {
		file, _, _ := strings.Cut(name, "#")
		played[file] = true
		for role, rules := range roles {
			t.Run(name+"/"+role, func(t *testing.T) {
				t.Parallel()
				steps, err := loadPeers(filepath.Join("testdata", "peers", file+".txt"))
				if err != nil {
					t.Fatal(err)
				}
				replayPeers(t, file, steps, role, rules)
			})
		}
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".txt"); !played[name] {
			t.Errorf("%s is not replayed", name)
		}
	}
}
