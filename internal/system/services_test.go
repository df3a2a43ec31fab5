package system

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"

	"natsd/internal/broker"
)

// Each service answers everybody, and this server by its id.
func TestServerServices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var seq uint64
	for verb, keys := range map[string]string{
		"VARZ":      "server_id server_name version proto connections",
		"CONNZ":     "server_id now num_connections total offset limit connections",
		"SUBSZ":     "server_id now num_subscriptions num_cache total offset limit",
		"ROUTEZ":    "server_id server_name now num_routes routes",
		"GATEWAYZ":  "server_id now outbound_gateways inbound_gateways",
		"LEAFZ":     "server_id now leafnodes leafs",
		"ACCOUNTZ":  "server_id now system_account accounts",
		"JSZ":       "server_id now memory disabled",
		"HEALTHZ":   "status status_code",
		"PROFILEZ":  "profile error",
		"EXPVARZ":   "cmdline memstats",
		"IPQUEUESZ": "",
	} {
		for _, to := range []string{"PING", ownID} {
			m := h.ask(t, h.sys, "$SYS.REQ.SERVER."+to+"."+verb, "")
			if m == nil || m.failure != nil || m.server.ID != ownID || m.server.Cluster != "C1" || time.Since(m.server.Time) > time.Minute {
				t.Fatalf("%s.%s: %+v", to, verb, m)
			}
			if m.server.Seq <= seq {
				t.Errorf("%s: sequence %d after %d", verb, m.server.Seq, seq)
			}
			seq = m.server.Seq
			for k := range strings.FieldsSeq(keys) {
				if _, ok := m.data[k]; !ok {
					t.Errorf("%s: no %s in %s", verb, k, m.body)
				}
			}
			if m.data == nil {
				t.Errorf("%s: no data in %s", verb, m.body)
			}
		}
	}
	if n := h.sent.Msgs.Load(); n != 0 { // those who got them count what they got: these sinks do not
		t.Errorf("%d messages counted", n)
	}
}

// What the services answer to requests of all kinds, in the form in which it goes out. SERVER stands for
// the server object.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const none = "<none>"
	h := newHouse(t)
	h.app.Join()
	for _, tt := range []struct{ subject, body, want string }{
		{"SERVER.PING.IDZ", ``, `{"name":"srv","host":"127.0.0.1","id":"NOWN"}`},
		{"SERVER.PING.IDZ", `{"server_name":"nobody"`, `{"name":"srv","host":"127.0.0.1","id":"NOWN"}`},

		// Malformed options.
		{"SERVER.PING.VARZ", `{x}`, `{"server":SERVER,"error":{"code":400,"description":"invalid character 'x' looking for beginning of object key string"}}`},
		{"SERVER.NOWN.CONNZ", `not json`, `{"server":SERVER,"error":{"code":400,"description":"invalid character 'o' in literal null (expecting 'u')"}}`},
		{"SERVER.PING", `{`, `{"server":SERVER,"error":{"code":400,"description":"unexpected end of JSON input"}}`},
		{"SERVER.PING.HEALTHZ", `null`, `{"server":SERVER,"data":{"status":"ok","status_code":200}}`},

		// Options that cannot be met.
		{"SERVER.NOWN.CONNZ", `{"sort":"bogus"}`, `{"server":SERVER,"data":null,"error":{"code":500,"description":"invalid sorting option: bogus"}}`},
		{"SERVER.NOWN.CONNZ", `{"filter_subject":"jobs.x"}`, `{"server":SERVER,"data":null,"error":{"code":500,"description":"filter by subject only valid with account filtering"}}`},
		{"SERVER.NOWN.SUBSZ", `{"test":"a.*"}`, `{"server":SERVER,"data":null,"error":{"code":500,"description":"invalid test subject, must be valid publish subject: a.*"}}`},
		{"SERVER.NOWN.ACCOUNTZ", `{"account":"NOPE"}`, `{"server":SERVER,"data":null,"error":{"code":500,"description":"Account NOPE does not exist"}}`},
		{"ACCOUNT.NOPE.INFO", ``, `{"server":SERVER,"data":null,"error":{"code":500,"description":"Account NOPE does not exist"}}`},
		{"ACCOUNT.NOPE.JSZ", ``, `{"server":SERVER,"data":null,"error":{"code":500,"description":"jetstream not enabled"}}`},
		{"SERVER.NOWN.RAFTZ", ``, `{"server":SERVER,"data":null}`},
		{"SERVER.NOWN.HEALTHZ", `{"stream":"S"}`, `{"server":SERVER,"data":{"status":"error","status_code":400,"error":"\"account\" must not be empty when checking stream health"}}`},
		{"SERVER.NOWN.PROFILEZ", ``, `{"server":SERVER,"data":{"profile":null,"error":"Profile name not specified"}}`},
		{"SERVER.NOWN.PROFILEZ", `{"name":"nope"}`, `{"server":SERVER,"data":{"profile":null,"error":"Profile \"nope\" not found"}}`},
		{"SERVER.NOWN.PROFILEZ", `{"name":"cpu","duration":20000000000}`, `{"server":SERVER,"data":{"profile":null,"error":"Duration 20s should be between 0s and 15s"}}`},

		// Filters: who is not meant is silent.
		{"SERVER.PING.HEALTHZ", `{"server_name":"sr","cluster":"C","host":"127"}`, `{"server":SERVER,"data":{"status":"ok","status_code":200}}`},
		{"SERVER.PING.HEALTHZ", `{"server_name":"srv","cluster":"C1","exact_match":true,"tags":["region:east","n1"]}`, `{"server":SERVER,"data":{"status":"ok","status_code":200}}`},
		{"SERVER.PING.HEALTHZ", `{"server_name":"sr","exact_match":true}`, none},
		{"SERVER.PING.HEALTHZ", `{"server_name":"other"}`, none},
		{"SERVER.PING.HEALTHZ", `{"cluster":"C2"}`, none},
		{"SERVER.PING.HEALTHZ", `{"host":"10."}`, none},
		{"SERVER.PING.HEALTHZ", `{"tags":["n1","n2"]}`, none},
		{"SERVER.PING.HEALTHZ", `{"domain":"hub"}`, none},
		{"SERVER.PING", `{"server_name":"other"}`, none},
		{"SERVER.PING.JSZ", `{"leader_only":true}`, none},
		{"ACCOUNT.APP2.STATZ", ``, none},
		{"ACCOUNT.NOPE.STATZ", ``, none},
		{"ACCOUNT.PING.STATZ", `{"accounts":["APP2"]}`, none},

		// Control.
		{"SERVER.NOWN.RELOAD", ``, `{"server":SERVER}`},
		{"SERVER.NOWN.RELOAD", `{"server_name":"other"}`, none},
		{"SERVER.NOWN.KICK", `{"cid":1}`, `{"server":SERVER}`},
		{"SERVER.NOWN.KICK", `{"cid":9}`, `{"server":SERVER,"error":{"code":500,"description":"no such client or leafnode id"}}`},
		{"SERVER.NOWN.KICK", ``, none},
		{"SERVER.NOWN.KICK", `{"cid":"1"}`, none},
		{"SERVER.NOWN.KICK", `{"cid":1,"server_name":"other"}`, none},
		{"SERVER.NOWN.LDM", `{"cid":1}`, `{"server":SERVER}`},
		{"SERVER.NOWN.LDM", `{"cid":9}`, `{"server":SERVER,"error":{"code":500,"description":"no such client id"}}`},
		{"SERVER.NOWN.LDM", `[]`, none},

		{"ACCOUNT.APP2.CONNS", `{"acc":"APP2"}`, none},
		{"ACCOUNT.APP.CONNS", `{"acc":"OTHER"}`, none},
		{"ACCOUNT.APP.CONNS", `x`, none},
	} {
		m := h.ask(t, h.sys, "$SYS.REQ."+tt.subject, tt.body)
		got := none
		if m != nil {
			got = string(m.body)
			if server, err := json.Marshal(m.whole["server"]); err == nil && m.server.ID == ownID {
				i := strings.Index(got, `"server":`) + len(`"server":`)
				d := json.NewDecoder(strings.NewReader(got[i:]))
				var raw json.RawMessage
				if d.Decode(&raw) == nil && len(server) > 0 {
					got = strings.Replace(got, string(raw), "SERVER", 1)
				}
			}
		}
		if got != tt.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", tt.subject, tt.body, got, tt.want)
		}
	}
	if got := h.operator.all(); got != "reload,kick 1,kick 9,ldm 1,ldm 9" {
		t.Errorf("done: %s", got)
	}
}

// Without a place for the answer nothing is done.
func TestNoReplyNoDeed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, verb := range []string{"KICK", "LDM", "RELOAD", "VARZ", "IDZ"} {
		post(h.sys, nil, "$SYS.REQ.SERVER."+ownID+"."+verb, "", "", `{"cid":1}`)
	}
	h.settle(t, listen(t, h.sys, "after"))
	if got := h.operator.all(); got != "" {
		t.Errorf("done: %s", got)
	}
}

// Nothing of this is to be had outside of the system account.
func TestOnlyTheSystemAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, to := range slices.Sorted(maps.Keys(h.table())) {
		to = strings.ReplaceAll(to, "*", "APP")
		switch n := post(h.app, nil, to, "reply", "", ""); to {
		case "$SYS.REQ.SERVER.PING.CONNZ": // pinned
		default:
			if n != 0 {
				t.Errorf("%s is answered in APP", to)
			}
		}
	}
}

func TestAccountServices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.app.Join()
	text := func(m *message) string {
		if m == nil {
			return "nothing"
		}
		return string(m.body)
	}
	m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT.APP.CONNZ", `{"auth":true,"acc":"APP2"}`)
	if m == nil || m.data["total"] != 2.0 || strings.Contains(text(m), "APP2") {
		t.Errorf("CONNZ: %s", text(m))
	}
	if m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT.PING.CONNZ", ``); m == nil || m.data["total"] != 3.0 {
		t.Errorf("CONNZ of all: %s", text(m))
	}
	if m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT.APP.SUBSZ", ``); m == nil || len(m.data["subscriptions_list"].([]any)) != 1 {
		t.Errorf("SUBSZ: %s", text(m))
	}
	if m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT.APP.INFO", ``); m == nil || m.data["account_name"] != "APP" || len(m.data["imports"].([]any)) != 4 {
		t.Errorf("INFO: %s", text(m))
	}
	if m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT.APP.LEAFZ", ``); m == nil || m.data["leafnodes"] != 0.0 {
		t.Errorf("LEAFZ: %s", text(m))
	}
	for _, to := range []string{"APP", "PING"} {
		m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT."+to+".STATZ", ``)
		if m == nil || len(m.data["account_statz"].([]any)) != 1 || !strings.Contains(text(m), `"acc":"APP"`) {
			t.Errorf("STATZ of %s: %s", to, text(m))
		}
	}
	if m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT.PING.STATZ", `{"include_unused":true}`); m == nil || len(m.data["account_statz"].([]any)) != 4 {
		t.Errorf("STATZ of all: %s", text(m))
	}
	for _, body := range []string{``, `{"acc":"APP"}`} {
		m := h.ask(t, h.sys, "$SYS.REQ.ACCOUNT.APP.CONNS", body)
		if m == nil || m.whole["acc"] != "APP" || m.whole["conns"] != 1.0 || m.whole["type"] != "io.nats.server.advisory.v1.account_connections" {
			t.Errorf("CONNS: %s", text(m))
		}
	}
}

func TestStatsz(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, to := range []string{"PING", "PING.STATSZ", ownID + ".STATSZ"} {
		m := h.ask(t, h.sys, "$SYS.REQ.SERVER."+to, "{}")
		if m == nil || m.data != nil || m.server.ID != ownID {
			t.Fatalf("%s: %+v", to, m)
		}
		z, _ := m.whole["statsz"].(map[string]any)
		if z["connections"] != 3.0 || z["active_servers"] != 1.0 || z["start"] != "2026-11-22T11:00:00Z" {
			t.Errorf("%s: %s", to, m.body)
		}
	}
	all := listen(t, h.sys, "$SYS.SERVER.*.STATSZ")
	for range 2 {
		post(h.sys, nil, "$SYS.REQ.SERVER.PING", "", "", "")
		if m := all.next(t); m.subject != "$SYS.SERVER."+ownID+".STATSZ" || m.whole["statsz"] == nil {
			t.Errorf("%s: %s", m.subject, m.body)
		}
	}
}

func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, tt := range []struct{ accept, want string }{
		{"gzip", "gzip"}, {"snappy", "snappy"}, {"S2", "snappy"}, {"br, gzip, s2", "snappy"}, {"br", ""}, {"", ""},
	} {
		m := h.ask(t, h.sys, "$SYS.REQ.SERVER.PING.VARZ", "", "Accept-Encoding", tt.accept)
		if m == nil {
			t.Fatalf("%q: no answer", tt.accept)
		}
		head, body := "", io.Reader(bytes.NewReader(m.body))
		var err error
		switch tt.want {
		case "gzip":
			head = "NATS/1.0\r\nContent-Encoding: gzip\r\n\r\n"
			body, err = gzip.NewReader(body)
		case "snappy":
			head = "NATS/1.0\r\nContent-Encoding: snappy\r\n\r\n"
			body = s2.NewReader(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		var a answer
		if err := json.NewDecoder(body).Decode(&a); err != nil || a.Server.ID != ownID || m.head != head {
			t.Errorf("%q: header %q, %v", tt.accept, m.head, err)
		}
	}
	if m := h.ask(t, h.sys, "$SYS.REQ.SERVER.PING.VARZ", "{", "Accept-Encoding", "gzip"); m == nil || m.head != "" || m.failure == nil {
		t.Errorf("an error was compressed: %+v", m)
	}
}

// The system account can be another one, or none.
func TestSystemAccountMoves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := h.app2.Index().Len()
	h.SetSystem(h.app2)
	h.SetSystem(h.app2)
	if n := post(h.sys, nil, "$SYS.REQ.SERVER.PING", "reply", "", ""); n != 0 {
		t.Errorf("%d still answer in the old one", n)
	}
	if m := h.ask(t, h.app2, "$SYS.REQ.SERVER.PING.IDZ", ""); m == nil {
		t.Error("no answer in the new one")
	}
	h.SetSystem(nil)
	if n := h.app2.Index().Len(); n != before {
		t.Errorf("%d subscriptions, want %d", n, before)
	}
	for _, a := range []*broker.Account{h.app, h.app2} {
		for _, to := range []string{"$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING.CONNZ", UserInfoSubject} {
			if n := post(a, &broker.Origin{Kind: broker.Client, Info: &user{}}, to, "reply", "", ""); n != 0 {
				t.Errorf("%s is answered in %s without a system account", to, a.Name)
			}
		}
	}
	h.Stopping() // to nobody
}

func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	gate := make(chan struct{})
	started := make(chan struct{})
	h.quick.push(h.setup.Tasks, job{do: func(context.Context) {
		close(started)
		<-gate
	}})
	<-started
	taken := 0
	for range maxJobs + 100 {
		taken += post(h.sys, nil, "$SYS.REQ.SERVER.PING.IDZ", "reply", "", "")
	}
	if taken != maxJobs {
		t.Errorf("%d requests were taken, want %d", taken, maxJobs)
	}
	in := listen(t, h.sys, "reply")
	close(gate)
	for range maxJobs {
		in.next(t)
	}
	if m := h.ask(t, h.sys, "$SYS.REQ.SERVER.PING.IDZ", fmt.Sprint(strings.Repeat(" ", 1<<20))); m == nil {
		t.Error("no answer afterwards")
	}
}

// A reload may move the system account; who has asked for it gets the answer all the same.
func TestAnswerAfterAMove(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := listen(t, h.sys, "reply")
	h.operator.onReload = func() { h.SetSystem(h.app2) }
	post(h.sys, nil, "$SYS.REQ.SERVER."+ownID+".RELOAD", "reply", "", "")
	if m := in.next(t); m.failure != nil || m.server.ID != ownID {
		t.Errorf("%s", m.body)
	}
}

// What users of other accounts ask does not hold up administrators.
func TestGuestsDoNotDisturb(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	gate, started := make(chan struct{}), make(chan struct{})
	defer close(gate)
	h.guests.push(h.setup.Tasks, job{do: func(context.Context) {
		close(started)
		<-gate
	}})
	<-started
	guest, admin := listen(t, h.app, "inbox"), listen(t, h.sys, "reply")
	post(h.app, nil, "$SYS.REQ.ACCOUNT.PING.CONNZ", "inbox", "", "")
	post(h.sys, nil, "$SYS.REQ.ACCOUNT.APP.CONNZ", "reply", "", "")
	admin.next(t)
	guest.silent(t)
}
