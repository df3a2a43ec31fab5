package compare

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// ask is one request of a tool and what it reads of the answer: paths of keys, each with the type that
// the tool takes: "connections[].cid:number". A path that begins with + may be missing; what begins
// with * is newer than 2.9.10.
type ask struct {
	path  string // of the monitoring port, or a subject
	body  string // of a request on the subject
	reads string
	newer bool // than 2.9.10, as a whole
}

const (
	connRow    = " connections[].cid:number connections[].ip:string connections[].port:number connections[].name:string connections[].subscriptions:number connections[].pending_bytes:number connections[].in_msgs:number connections[].out_msgs:number connections[].in_bytes:number connections[].out_bytes:number connections[].lang:string connections[].version:string connections[].uptime:string connections[].last_activity:string connections[].start:string connections[].idle:string connections[].rtt:string"
	connPage   = "server_id:string now:string num_connections:number total:number offset:number limit:number" + connRow
	checkZ     = "status:string"
	topVarz    = "cpu:number mem:number uptime:string in_msgs:number out_msgs:number in_bytes:number out_bytes:number slow_consumers:number server_id:string version:string server_name:string now:string"
	checkVarz  = "data.server_name:string data.now:string data.start:string data.cpu:number data.mem:number data.connections:number data.subscriptions:number data.auth_required:bool data.jetstream:object +data.tls_required:bool"
	envelope   = "server.name:string server.id:string server.host:string server.ver:string server.jetstream:bool server.seq:number server.time:string"
	statsz     = envelope + " statsz.start:string statsz.mem:number statsz.cores:number statsz.cpu:number statsz.connections:number statsz.total_connections:number statsz.active_accounts:number statsz.subscriptions:number statsz.sent.msgs:number statsz.sent.bytes:number statsz.received.msgs:number statsz.received.bytes:number statsz.slow_consumers:number"
	accountRow = "account_statz[].acc:string account_statz[].conns:number account_statz[].leafnodes:number account_statz[].total_conns:number *account_statz[].num_subscriptions:number account_statz[].sent.msgs:number account_statz[].sent.bytes:number account_statz[].received.msgs:number account_statz[].received.bytes:number account_statz[].slow_consumers:number"
)

// tools are the requests of programs that people use with nats-server, as seen on the wire.
var tools = map[string][]ask{
	"nats-top": {
		{path: "/varz", reads: topVarz},
		{path: "/connz?limit=1024&sort=cid", reads: connPage},
		{path: "/connz?limit=1024&sort=bytes_to&subs=1", reads: connPage + " connections[].subscriptions_list:list"},
		{path: "/connz?limit=1&sort=subs", reads: connPage},
		{path: "/connz?limit=1024&sort=pending", reads: connPage},
		{path: "/connz?limit=1024&sort=msgs_to", reads: connPage},
		{path: "/connz?limit=1024&sort=msgs_from", reads: connPage},
		{path: "/connz?limit=1024&sort=bytes_from", reads: connPage},
		{path: "/connz?limit=1024&sort=idle", reads: connPage},
		{path: "/connz?limit=1024&sort=last", reads: connPage},
		{path: "/connz?limit=1024&sort=start", reads: connPage},
		{path: "/connz?limit=1024&sort=uptime", reads: connPage},
		{path: "/connz?limit=1024&sort=rtt", newer: true, reads: connPage},
	},
	"prometheus-nats-exporter": {
		{path: "//varz", reads: topVarz + " start:string config_load_time:string connections:number max_payload:number http_req_stats:object *slow_consumer_stats.clients:number"},
		{path: "//connz", reads: connPage},
		{path: "/connz?auth=true", reads: connPage + " connections[].account:string connections[].authorized_user:string"},
		{path: "/subsz", reads: "num_subscriptions:number num_cache:number num_inserts:number num_removes:number num_matches:number cache_hit_rate:number max_fanout:number avg_fanout:number *total:number *offset:number *limit:number"},
		{path: "/routez", reads: "server_id:string num_routes:number routes:list"},
		{path: "/gatewayz", reads: "server_id:string outbound_gateways:object inbound_gateways:object"},
		{path: "/leafz", reads: "server_id:string leafnodes:number +leafs:list"},
		{path: "/accstatz", reads: "server_id:string " + accountRow},
		{path: "/accountz", reads: "server_id:string accounts:list"},
		{path: "/accountz?acc=A", reads: "account_detail.account_name:string account_detail.expired:bool account_detail.complete:bool account_detail.jetstream_enabled:bool account_detail.leafnode_connections:number account_detail.client_connections:number account_detail.subscriptions:number"},
		{path: "/healthz", reads: checkZ},
		{path: "/healthz?js-enabled-only=true", reads: checkZ},
		{path: "/healthz?js-server-only=true", reads: checkZ},
		{path: "/jsz?accounts=true", reads: "disabled:bool streams:number consumers:number messages:number bytes:number config:object"},
		{path: "/jsz?streams=true", reads: "disabled:bool"},
		{path: "/jsz?consumers=true&config=true&raft=true", reads: "disabled:bool"},
	},
	"nats server check": {
		{path: "$SYS.REQ.SERVER.PING.VARZ", body: `{"server_name":"same","exact_match":true}`, reads: envelope + " " + checkVarz},
		{path: "$SYS.REQ.USER.INFO", newer: true, reads: "server.name:string data.user:string data.account:string"},
	},
	"nats server report": {
		{path: "$SYS.REQ.SERVER.PING", body: `{}`, reads: statsz},
		{path: "$SYS.REQ.SERVER.PING", reads: statsz},
		{path: "$SYS.REQ.SERVER.PING.CONNZ", body: `{"auth":true,"subscriptions":true,"limit":1024}`, reads: envelope + data(connPage+" connections[].account:string connections[].authorized_user:string connections[].subscriptions_list:list")},
		{path: "$SYS.REQ.SERVER.PING.ROUTEZ", reads: envelope + " data.num_routes:number data.routes:list"},
		{path: "$SYS.REQ.SERVER.PING.GATEWAYZ", body: `{"accounts":true}`, reads: envelope + " data.outbound_gateways:object data.inbound_gateways:object"},
		{path: "$SYS.REQ.SERVER.PING.LEAFZ", reads: envelope + " data.leafnodes:number"},
		{path: "$SYS.REQ.SERVER.PING.JSZ", body: `{"raft":true}`, reads: envelope + " data.disabled:bool data.memory:number data.storage:number data.config:object data.streams:number data.consumers:number data.messages:number data.bytes:number"},
		{path: "$SYS.REQ.SERVER.PING.HEALTHZ", body: `{"details":true}`, reads: envelope + " data.status:string"},
		{path: "$SYS.REQ.SERVER.PING.SUBSZ", body: `{"limit":2048}`, reads: envelope + " data.num_subscriptions:number"},
		{path: "$SYS.REQ.SERVER.PING.ACCOUNTZ", body: `{"account":"A"}`, reads: envelope + " data.account_detail.account_name:string data.account_detail.client_connections:number"},
		{path: "$SYS.REQ.ACCOUNT.PING.STATZ", body: `{}`, reads: envelope + data(accountRow)},
	},
}

// data puts paths below the data of an envelope.
func data(reads string) string {
	return strings.ReplaceAll(" data."+strings.ReplaceAll(reads, " ", " data."), "data.*", "*data.")
}

// TestTools plays the requests of the tools to natsd and to the peer: what a tool reads must be there,
// of the type that it takes. The peer must agree, or the table is wrong.
func TestTools(t *testing.T) {
	t.Parallel()
	p := startPair(t, toolsConf)
	for tool, asks := range tools {
		t.Run(tool, func(t *testing.T) {
			for _, s := range []*harness.Server{p.peer, p.natsd} {
				c := busy(t, s)
				for _, a := range asks {
					if a.newer && s.Kind == harness.Peer {
						continue
					}
					answer, err := a.send(s, c)
					if err != nil {
						t.Errorf("%s: %s: %v", s.Kind, a.path, err)
						continue
					}
					for want := range strings.FieldsSeq(a.reads) {
						if wrong := reads(answer, want, s.Kind == harness.Peer); wrong != "" {
							t.Errorf("%s: %s %s: %s", s.Kind, a.path, a.body, wrong)
						}
					}
				}
				c.Close()
			}
		})
	}
}

const toolsConf = `server_name: "same"
accounts { A { users: [ {user: a, password: p} ] }, SYS { users: [ {user: s, password: p} ] } }
system_account: SYS`

// busy makes a connection with traffic and subscriptions and returns one of the system account.
func busy(t *testing.T, s *harness.Server) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+s.Addr, nats.UserInfo("a", "p"), nats.Name("worker"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if _, err := nc.SubscribeSync("foo"); err != nil {
		t.Fatal(err)
	}
	if err := nc.Publish("foo", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	sys, err := nats.Connect("nats://"+s.Addr, nats.UserInfo("s", "p"), nats.Name("tool"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sys.Close)
	if _, err := sys.SubscribeSync("bar"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second answer comes after the first has been measured
		if err := sys.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	return sys
}

// send makes the request.
func (a ask) send(s *harness.Server, nc *nats.Conn) (answer any, err error) {
	if a.path[0] == '/' {
		return answer, s.GetJSON(a.path, &answer)
	}
	m, err := nc.Request(a.path, []byte(a.body), 10*time.Second)
	if err != nil {
		return nil, err
	}
	return answer, json.Unmarshal(m.Data, &answer)
}

// reads looks for a key and returns what is wrong with it.
func reads(answer any, want string, peer bool) string {
	want, optional := strings.CutPrefix(want, "+")
	want, newer := strings.CutPrefix(want, "*")
	path, kind, _ := strings.Cut(want, ":")
	found := []any{answer}
	for key := range strings.SplitSeq(path, ".") {
		key, list := strings.CutSuffix(key, "[]")
		var next []any
		for _, v := range found {
			m, ok := v.(map[string]any)
			if !ok && newer && peer {
				return ""
			}
			if !ok {
				return path + ": what it is in is no object"
			}
			value := m[key]
			ok = value != nil
			switch rows, isList := value.([]any); {
			case !ok && (optional || newer && peer):
				return ""
			case !ok && list:
				return path + " is missing"
			case !ok:
				next = append(next, nil)
			case !list:
				next = append(next, value)
			case !isList || len(rows) == 0:
				return path + ": there are no rows"
			default:
				next = append(next, rows...)
			}
		}
		found = next
	}
	for _, v := range found {
		if kindOf(v) == kind {
			return "" // of rows, one that shows it is enough: nats-server leaves out what is empty
		}
	}
	return fmt.Sprintf("%s is %s, want %s", path, kindOf(found[0]), kind)
}

func kindOf(v any) string {
	switch v.(type) {
	case float64:
		return "number"
	case string:
		return "string"
	case bool:
		return "bool"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	}
	return "missing"
}

// TestExporterMetrics makes metrics of the peer's pages by the rule of the exporter, and looks for all of
// them in what natsd gives under /metrics.
func TestExporterMetrics(t *testing.T) {
	t.Parallel()
	p := startPair(t, toolsConf)
	busy(t, p.peer)
	busy(t, p.natsd)
	want := map[string]bool{}
	for range 2 { // so that /varz has counted itself
		for _, page := range []string{"varz", "subsz", "routez"} {
			var tree map[string]any
			if err := p.peer.GetJSON("/"+page, &tree); err != nil {
				t.Fatal(err)
			}
			for name := range exported("gnatsd_"+page, tree) {
				want[name] = true
			}
			if code, _, err := p.natsd.Get("/" + page); code != http.StatusOK {
				t.Fatal(code, err)
			}
		}
	}
	_, text, err := p.natsd.Get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) `).FindAllStringSubmatch(string(text), -1) {
		got[m[1]] = true
	}
	if len(want) < 40 {
		t.Fatalf("only %d metrics of the peer", len(want))
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !got[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// exported are the names that the exporter makes of a page.
func exported(prefix string, tree map[string]any) map[string]bool {
	out := map[string]bool{}
	for key, v := range tree {
		name := prefix + "_" + strings.Trim(strings.ReplaceAll(key, "/", "_"), "_")
		switch v := v.(type) {
		case float64:
			out[name] = true
		case string:
			if slices.Contains([]string{"server_id", "server_name", "version", "domain", "leader", "name", "start", "config_load_time"}, key) {
				out[name] = true
			}
		case map[string]any:
			maps.Copy(out, exported(name, v))
		}
	}
	return out
}
