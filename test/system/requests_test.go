package system

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// command is what a subcommand of the nats command asks. NAME and ID are those of the server.
type command struct {
	name, subject, body string
	data                string // keys that the command needs of the data, or of statsz
	newer               bool   // nats-server 2.9.10 does not have it
}

const named = `{"server_name":"NAME","exact_match":true}`

// commands are the requests of nats 0.4.
var commands = []command{
	{"server list", "PING", `{}`, "start mem cores cpu connections subscriptions slow_consumers sent received", false},
	{"server ping", "PING", ``, "start active_accounts", false},
	{"server info", "PING.VARZ", named, "server_id server_name version go host port connections jetstream cluster", false},
	{"server report connections", "PING.CONNZ", `{"auth":true,"subscriptions":true,"limit":1024,"server_name":"NAME"}`, "connections total", false},
	{"server report routes", "PING.ROUTEZ", ``, "routes num_routes", false},
	{"server report gateways", "PING.GATEWAYZ", `{"accounts":true}`, "outbound_gateways inbound_gateways", false},
	{"server report leafnodes", "PING.LEAFZ", ``, "leafnodes leafs", false},
	{"server report jetstream", "PING.JSZ", `{"raft":true}`, "memory storage config api", false},
	{"server report cpu", "PING", named, "cpu mem", false},
	{"server report health", "PING.HEALTHZ", `{"details":true}`, "status", false},
	{"server request variables", "PING.VARZ", ``, "server_id uptime", false},
	{"server request connections", "PING.CONNZ", `{"limit":2048}`, "connections limit", false},
	{"server request subscriptions", "PING.SUBSZ", `{"subscriptions":true,"limit":2048}`, "num_subscriptions subscriptions_list", false},
	{"server request routes", "PING.ROUTEZ", `{"subscriptions":true}`, "routes", false},
	{"server request gateways", "PING.GATEWAYZ", `{}`, "server_id", false},
	{"server request leafnodes", "PING.LEAFZ", `{"subscriptions":true}`, "leafs", false},
	{"server request accounts", "PING.ACCOUNTZ", `{}`, "accounts system_account", false},
	{"server request jetstream", "PING.JSZ", `{"accounts":true,"streams":true,"consumer":true,"config":true,"limit":2048}`, "server_id", false},
	{"server request jetstream-health", "PING.HEALTHZ", `{"js-enabled-only":true}`, "status", false},
	{"server request raft", "PING.RAFTZ", `{}`, "", true},
	{"server request ipqueue", "PING.IPQUEUESZ", `{"all":true}`, "", true},
	{"server request profile", "PING.PROFILEZ", `{"name":"heap","debug":0}`, "profile", true},
	{"server account info", "PING.ACCOUNTZ", `{"account":"APP"}`, "account_detail", false},
	{"server check server", "PING.VARZ", named, "server_name now start cpu mem connections subscriptions auth_required", false},
	{"audit: account info", "$SYS.REQ.ACCOUNT.APP.INFO", ``, "account_name client_connections", false},
	{"audit: account connections", "$SYS.REQ.ACCOUNT.APP.CONNZ", ``, "connections", false},
	{"audit: account subscriptions", "$SYS.REQ.ACCOUNT.APP.SUBSZ", ``, "subscriptions_list", false},
	{"audit: account leafnodes", "$SYS.REQ.ACCOUNT.APP.LEAFZ", ``, "leafs", false},
	{"audit: expvar", "ID.EXPVARZ", ``, "memstats cmdline", true},
	{"account statistics", "$SYS.REQ.ACCOUNT.PING.STATZ", `{}`, "account_statz", false},
}

// fill puts the server's own names into a request.
func (c *command) fill(s *harness.Server, t *testing.T) (subject, body string) {
	t.Helper()
	v, err := s.Varz()
	if err != nil {
		t.Fatal(err)
	}
	r := strings.NewReplacer("NAME", v["server_name"].(string), "ID", v["server_id"].(string))
	subject = c.subject
	if !strings.HasPrefix(subject, "$") {
		subject = "$SYS.REQ.SERVER." + r.Replace(subject)
	}
	return subject, r.Replace(c.body)
}

// TestCommands plays what the nats command asks, and holds that natsd answers every key that
// nats-server 2.9.10 answers.
func TestCommands(t *testing.T) {
	t.Parallel()
	natsd, peer := harness.Start(t, harness.Natsd, "server_name: n1"+accounts), harness.Start(t, harness.Peer, "server_name: n1"+accounts)
	clients := map[*harness.Server]*nats.Conn{}
	for _, s := range []*harness.Server{natsd, peer} {
		clients[s] = connect(t, s, "sys")
		app := connect(t, s, "app")
		if _, err := app.SubscribeSync("foo.*"); err != nil {
			t.Fatal(err)
		}
		if err := app.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range commands {
		c := &commands[i]
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			subject, body := c.fill(natsd, t)
			a := askAll(t, clients[natsd], subject, body, 1)[0]
			part := a.Data
			if a.Statsz != nil {
				part = a.Statsz
			}
			if a.Error != nil || a.Server["name"] != "n1" || a.Server["ver"] == "" {
				t.Fatalf("%s", a.raw)
			}
			for key := range strings.FieldsSeq(c.data) {
				if _, ok := part[key]; !ok {
					t.Errorf("no %s in %.300s", key, a.raw)
				}
			}
			if c.newer {
				return
			}
			subject, body = c.fill(peer, t)
			want := askAll(t, clients[peer], subject, body, 1)[0]
			var wantAll, gotAll any
			if json.Unmarshal(want.raw, &wantAll) != nil || json.Unmarshal(a.raw, &gotAll) != nil {
				t.Fatal("no JSON")
			}
			if missing := lacks("", wantAll, gotAll); len(missing) > 0 {
				t.Errorf("natsd lacks %v", missing)
			}
		})
	}
}

// lacks lists the keys of want that got does not have, or with a value of another type.
func lacks(path string, want, got any) (all []string) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{path + " is no object"}
		}
		if strings.HasSuffix(path, ".http_req_stats") {
			return nil
		}
		for key, v := range w {
			if _, ok := g[key]; !ok {
				all = append(all, path+"."+key)
				continue
			}
			all = append(all, lacks(path+"."+key, v, g[key])...)
		}
		slices.Sort(all)
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) > 0 && len(g) == 0 {
			return []string{path + " is no list or empty"}
		}
		if len(w) > 0 {
			return lacks(path+"[]", w[0], g[0])
		}
	default:
		if want != nil && fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			return []string{fmt.Sprintf("%s is %v, not %v", path, got, want)}
		}
	}
	return all
}

// TestWrongRequests asks both servers the same wrong questions. The answers are equal in all but the
// server.
func TestWrongRequests(t *testing.T) {
	t.Parallel()
	conf := "server_name: n1" + accounts
	servers := []*harness.Server{harness.Start(t, harness.Peer, conf), harness.Start(t, harness.Natsd, conf)}
	clients := []*nats.Conn{connect(t, servers[0], "sys"), connect(t, servers[1], "sys")}
	for _, c := range []command{
		{subject: "PING.VARZ", body: `{x}`},
		{subject: "PING.CONNZ", body: `not json`},
		{subject: "ID.SUBSZ", body: `{`},
		{subject: "PING", body: `"`},
		{subject: "PING.STATSZ", body: `[`},
		{subject: "PING.HEALTHZ", body: `nul`},
		{subject: "ID.CONNZ", body: `{"sort":"bogus"}`},
		{subject: "ID.CONNZ", body: `{"sort":"stop"}`},
		{subject: "ID.CONNZ", body: `{"filter_subject":"jobs.x"}`},
		{subject: "ID.SUBSZ", body: `{"test":"a.*"}`},
		{subject: "ID.ACCOUNTZ", body: `{"account":"NOPE"}`},
		{subject: "$SYS.REQ.ACCOUNT.NOPE.INFO"},
		{subject: "$SYS.REQ.ACCOUNT.NOPE.JSZ"},
		{subject: "$SYS.REQ.ACCOUNT.APP.JSZ"},
		{subject: "$SYS.REQ.ACCOUNT.APP.INFO", body: `{`},
		{subject: "$SYS.REQ.ACCOUNT.APP.CONNZ", body: `{"sort":"bogus"}`},
		// Silence.
		{subject: "PING.VARZ", body: `{"server_name":"other"}`},
		{subject: "PING.VARZ", body: `{"tags":["region:east","x"]}`},
		{subject: "PING.VARZ", body: `{"domain":"x"}`},
		{subject: "PING.VARZ", body: `{"cluster":"x"}`},
		{subject: "PING", body: `{"host":"10.0.0.1"}`},
		{subject: "PING.JSZ", body: `{"leader_only":true}`},
		{subject: "$SYS.REQ.ACCOUNT.OTHER.STATZ"},
		{subject: "$SYS.REQ.ACCOUNT.OTHER.CONNS", body: `{"acc":"OTHER"}`},
		{subject: "$SYS.REQ.ACCOUNT.APP.CONNS", body: `x`},
		// Nobody.
		{subject: "PING.NOPE"},
		{subject: "ID.NOPE"},
		{subject: "NOBODY.VARZ"},
		{subject: "$SYS.REQ.ACCOUNT.APP.NOPE"},
		{subject: "$SYS.REQ.CLAIMS.LIST"},
	} {
		t.Run(c.subject+" "+c.body, func(t *testing.T) {
			t.Parallel()
			var texts [2]string
			for i, nc := range clients {
				subject, body := c.fill(servers[i], t)
				m, err := nc.Request(subject, []byte(body), 3*quiet)
				switch {
				case errors.Is(err, nats.ErrTimeout):
					texts[i] = "silence"
				case err != nil:
					texts[i] = err.Error()
				default:
					a := decode(t, m)
					texts[i] = fmt.Sprintf("data, null: %v", strings.Contains(string(a.raw), `"data":null`))
					if a.Error != nil {
						texts[i] = fmt.Sprintf("%d %s, null data: %v", a.Error.Code, a.Error.Description, strings.Contains(string(a.raw), `"data":null`))
					}
				}
			}
			if texts[0] != texts[1] {
				t.Errorf("nats-server: %s\nnatsd:       %s", texts[0], texts[1])
			}
		})
	}
}

// TestPinnedAccounts holds what users of other accounts may ask, and that permissions hold.
func TestPinnedAccounts(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Natsd, "server_name: n1"+accounts)
	app := connect(t, s, "app")
	connect(t, s, "other")
	for _, subject := range []string{"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.PING.STATZ"} {
		a := askAll(t, app, subject, `{"acc":"OTHER","accounts":["OTHER"],"auth":true}`, 1)[0]
		if strings.Contains(string(a.raw), "OTHER") || !strings.Contains(string(a.raw), `"APP"`) {
			t.Errorf("%s: %s", subject, a.raw)
		}
	}
	if a := ask(t, app, "$SYS.REQ.USER.INFO", ""); a.Data["user"] != "app" || a.Data["account"] != "APP" {
		t.Errorf("user info: %s", a.raw)
	}
	for _, subject := range []string{"$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.VARZ", "$SYS.REQ.ACCOUNT.APP.INFO", "$SYS.DEBUG.SUBSCRIBERS", "$SYS.REQ.ACCOUNT.APP.CONNZ"} {
		if m, err := app.Request(subject, nil, patience); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("%s: %v, %v", subject, m, err)
		}
	}
	narrow := connect(t, s, "narrow", nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if m, err := narrow.Request("$SYS.REQ.USER.INFO", nil, 2*quiet); err == nil {
		t.Errorf("answer without permission: %s", m.Data)
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Natsd, accounts)
	nc := connect(t, s, "sys")
	for _, encoding := range []string{"gzip", "snappy"} {
		m := nats.NewMsg("$SYS.REQ.SERVER.PING.VARZ")
		m.Header.Set("Accept-Encoding", encoding)
		reply, err := nc.RequestMsg(m, patience)
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = s2.NewReader(bytes.NewReader(reply.Data))
		if encoding == "gzip" {
			if body, err = gzip.NewReader(bytes.NewReader(reply.Data)); err != nil {
				t.Fatal(err)
			}
		}
		var a answer
		if err := json.NewDecoder(body).Decode(&a); err != nil || a.Data["server_id"] == nil || reply.Header.Get("Content-Encoding") != encoding {
			t.Errorf("%s: %v, header %v", encoding, err, reply.Header)
		}
	}
}

func TestNoSystemAccount(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Natsd, "no_system_account: true")
	nc, err := nats.Connect("nats://" + s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, subject := range []string{"$SYS.REQ.USER.INFO", "$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.SERVER.PING"} {
		if m, err := nc.Request(subject, nil, patience); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("%s: %v, %v", subject, m, err)
		}
	}
}
