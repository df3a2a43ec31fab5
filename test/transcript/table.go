package transcript

import (
	"slices"
	"time"

	"natsd/test/harness"
)

// infoKeys may differ or be absent in another implementation (README.md, rule 4). feature_flags
// belongs to the server's description of itself in the same way.
var infoKeys = []string{"git_commit", "api_lvl", "xkey", "go", "domain"}

// settle is time enough for news to come through on a busy machine.
const settle = 250 * time.Millisecond

// rules are the peculiarities of single recordings (README.md, rules 2 and 3).
func rules(number string, k harness.Kind) Rules {
	r := Rules{Optional: slices.Clone(infoKeys)}
	switch {
	case number == "043", number == "206", number >= "210" && number <= "217":
		r.SystemOrder = true
	}
	switch number {
	case "212":
		r.SubjectOrder, r.Settle = true, settle
	case "215":
		r.Settle = settle
	case "030", "031":
		r.Pings = true
	case "044":
		r.Drain = true
	case "029":
		r.Members = map[string]string{"1": "1|4"}
	}
	if k == harness.Peer {
		r.Optional = append(r.Optional, peerKeys...)
		r.OneInfo = true // came with a later release
	}
	return r
}

// A group is a set of recordings that natsd does not hold yet, and why.
type group struct {
	reason  string
	numbers []string
}

// pending are the recordings whose engine natsd does not have yet.
var pending = []group{
	{"needs tenancy: operator mode, imports and exports, mappings, tracing", []string{
		"043", "130", "131", "132", "133", "134", "135", "136", "137", "138", "139", "140",
		"202", "203", "204", "205", "206", "207", "209", "217",
	}},
}

// deviations are recordings in which a server does something else on purpose or by its age.
func deviations(k harness.Kind) []group {
	if k == harness.Peer {
		return peerDeviations
	}
	return natsdDeviations
}

// natsdDeviations are the decided differences between natsd and the recordings.
var natsdDeviations = []group{}

// natsdForms are recordings that natsd plays in a form of its own, in testdata/natsd, because it has been
// decided that it does better than the recorded server.
var natsdForms = []group{
	{"clients are told when something in INFO has changed", []string{"040"}},
	{"an -ERR and a true reason before a reload ends a connection", []string{"113", "115", "116", "141"}},
	{"removing all authentication has to be allowed", []string{"117"}},
}

// peerKeys are JSON keys that the recordings have and nats-server 2.9.10 has not, or the reverse.
var peerKeys = []string{"feature_flags", "flags"}

// peerDeviations are what nats-server 2.9.10, older than the recordings, does otherwise.
var peerDeviations = []group{
	{"a no-responders answer carries no Nats-Subject header", []string{"016", "203", "206"}},
	{"$NRG. subjects are not reserved", []string{"037"}},
	{"a reload with max_connections -1 closes nobody", []string{"041"}},
	{"no PROXY protocol", []string{"042"}},
	{"no message tracing", []string{"043"}},
	{"the violation after a reload does not name the queue", []string{"114"}},
	{"no handshake_first", []string{"121", "122"}},
	{"no $SYS.REQ.USER.INFO", []string{"124", "210"}},
	{"no trusted proxies", []string{"126"}},
	{"an INFO is pushed when the account lowers max_payload", []string{"135", "208"}},
	{"an unknown account's lookup gets no empty answer", []string{"137"}},
	{"a lowered connection limit closes any connection, not the newest", []string{"138"}},
	{"no auth callout", []string{"140"}},
	{"fewer subject transform functions", []string{"207"}},
	{"fewer fields in system account answers", []string{"211", "213"}},
	{"the events of the account $G are told too", []string{"212"}},
	{"no KICK and LDM requests", []string{"214"}},
	{"no LAMEDUCK event", []string{"215"}},
}

// listed returns why a recording is listed in one of the groups, "" if it is in none.
func listed(groups []group, number string) string {
	for _, g := range groups {
		if slices.Contains(g.numbers, number) {
			return g.reason
		}
	}
	return ""
}
