package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

// errorsOf collects what a client is told.
func errorsOf() (nats.Option, <-chan string) {
	told := make(chan string, 100)
	return nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case told <- err.Error():
		default:
		}
	}), told
}

// await waits for a text that holds want.
func await(t testing.TB, told <-chan string, want string) {
	t.Helper()
	for end := time.After(patience); ; {
		select {
		case text := <-told:
			if strings.Contains(text, want) {
				return
			}
		case <-end:
			t.Fatalf("nobody said %q", want)
		}
	}
}

// reasonFor waits until a connection is closed and returns why.
func (n *node) reasonFor(cid uint64) string {
	n.TB.Helper()
	var c api.Connection
	inside.Until(n.TB, "the connection is closed", func() bool {
		n.want(n.ask("GET", fmt.Sprintf("/connections/%d", cid), nil), http.StatusOK, &c)
		return c.State == api.StateClosed
	})
	return c.Reason
}

// A client that is kicked is told why, and may come back.
func TestKickOne(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	hear, told := errorsOf()
	c := n.dial("one", hear)
	cid := n.cid(c)
	path := fmt.Sprintf("/connections/%d", cid)
	var dry api.KickResult
	n.want(n.ask("DELETE", path+"?dry_run&ban=1h", nil), http.StatusOK, &dry)
	if !dry.DryRun || dry.Matched != 1 || dry.Kicked != 0 || c.Stats().Reconnects != 0 {
		t.Errorf("%+v", dry)
	}
	n.want(n.ask("DELETE", path+"?reason=it's+time%0D%0Ato+go", nil), http.StatusNoContent, nil)
	await(t, told, `kicked by an operator: it"s time  to go`)
	if why := n.reasonFor(cid); why != "Kicked" {
		t.Error(why)
	}
	inside.Until(t, "the client is back", func() bool { return c.Stats().Reconnects == 1 && c.IsConnected() })
	n.problem(n.ask("DELETE", path, nil), api.NotFound)
	n.problem(n.ask("DELETE", "/connections/4711", nil), api.NotFound)
	n.problem(n.ask("DELETE", fmt.Sprintf("/connections/%d?mode=hard&ban=x", n.cid(c)), nil), api.InvalidParameter)
}

func TestKickWithBan(t *testing.T) {
	t.Parallel()
	n := start(t, tenants)
	hear, told := errorsOf()
	alice := n.dial("worker", nats.UserInfo("alice", "a"), hear)
	bob := n.dial("worker", nats.UserInfo("bob", "b"))
	cid := n.cid(alice)
	n.want(n.ask("DELETE", fmt.Sprintf("/connections/%d?ban=1h&reason=too+loud", cid), nil), http.StatusNoContent, nil)
	await(t, told, "too loud")
	n.reasonFor(cid)
	url := "nats://" + n.ClientAddr().String()
	if _, err := nats.Connect(url, nats.Name("worker"), nats.UserInfo("alice", "a")); err == nil || !strings.Contains(err.Error(), "Banned until") || !strings.Contains(err.Error(), "too loud") {
		t.Errorf("%v", err)
	}
	n.dial("other name", nats.UserInfo("alice", "a"))
	if !bob.IsConnected() || bob.Stats().Reconnects != 0 {
		t.Error("bob was cut off")
	}
	var bans api.List[api.Ban]
	n.want(n.ask("GET", "/bans", nil), http.StatusOK, &bans)
	if b := bans.Items[0]; len(bans.Items) != 1 || b.Match != (api.BanMatch{IP: "127.0.0.1", User: "alice", Account: "APP", Name: "worker"}) || b.Hits < 1 || b.Actor == "" {
		t.Fatalf("%+v", bans)
	}
	n.want(n.ask("DELETE", "/bans/"+bans.Items[0].ID, nil), http.StatusNoContent, nil)
	inside.Until(t, "the client is back", func() bool { return alice.IsConnected() })
	n.problem(n.ask("DELETE", "/bans/"+bans.Items[0].ID, nil), api.NotFound)
}

func TestKickMany(t *testing.T) {
	t.Parallel()
	n := start(t, tenants)
	var workers []*nats.Conn
	for i := range 5 {
		workers = append(workers, n.dial(fmt.Sprintf("worker.%d", i), nats.UserInfo("alice", "a")))
	}
	olga := n.dial("console", nats.UserInfo("olga", "o"))
	if _, err := olga.SubscribeSync("jobs.>"); err != nil {
		t.Fatal(err)
	}
	if err := olga.Flush(); err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{
		`{"user":"alice"}`:                        5,
		`{"name":"worker.[0]"}`:                   0,
		`{"name":"worker.*","max":3}`:             5,
		`{"account":"OPS"}`:                       1,
		`{"subject":"jobs.1"}`:                    1,
		`{"ip":"127.0.0.0/8","kind":"client"}`:    6,
		`{"idle_gt":"1h"}`:                        0,
		`{"filter":"name~\"*.[0-3]\" || subs>0"}`: 1,
		`{"cid":1}`:                               1,
	} {
		var got api.KickResult
		n.want(n.ask("POST", "/connections/kick?dry_run=true", body, "Content-Type", "application/json"), http.StatusOK, &got)
		if got.Matched != want || got.Kicked != 0 || !got.DryRun {
			t.Errorf("%s: %+v", body, got)
		}
	}
	n.problem(n.ask("POST", "/connections/kick", api.KickRequest{Reason: "x", Max: 3}), api.FilterRequired)
	n.problem(n.ask("POST", "/kick", nil), api.FilterRequired)
	for _, bad := range []api.KickRequest{{CID: 1, Filter: "size>"}, {IP: "x"}, {CID: 1, Mode: "x"}, {CID: 1, Spread: "2h"}, {CID: 1, Ban: "-1s"}, {CID: 1, Max: -1}, {IdleGT: "x"}, {Kind: "cat"}} {
		n.problem(n.ask("POST", "/connections/kick", bad), api.InvalidParameter)
	}
	n.problem(n.ask("POST", "/kick", api.KickRequest{CID: 4711}), api.NotFound)
	for _, c := range append(workers, olga) {
		if c.Stats().Reconnects != 0 {
			t.Error("a dry run or a bad request cut somebody off")
		}
	}
	var got api.KickResult
	n.want(n.ask("POST", "/kick", api.KickRequest{Name: "worker.*", Max: 2, Ban: "200ms", Reason: "rolling"}), http.StatusOK, &got)
	if got.Matched != 5 || got.Kicked != 2 || got.Banned != 1 || fmt.Sprint(got.CIDs) != "[1 2]" {
		t.Errorf("%+v", got)
	}
	inside.Until(t, "two came back", func() bool {
		return workers[0].Stats().Reconnects > 0 && workers[1].Stats().Reconnects > 0 && workers[0].IsConnected() && workers[1].IsConnected()
	})
	if workers[2].Stats().Reconnects+olga.Stats().Reconnects != 0 {
		t.Error("others were cut off")
	}
}

// A spread kick is an operation: it can be watched and called off.
func TestSpreadKick(t *testing.T) {
	t.Parallel()
	n := start(t, tenants+tokenConf(t))
	for i := range 6 {
		n.dial(fmt.Sprintf("w%d", i), nats.UserInfo("alice", "a"))
	}
	var op api.Operation
	a := n.ask("POST", "/connections/kick", api.KickRequest{Name: "w*", Spread: "60ms", Reason: "rolling"})
	n.want(a, http.StatusAccepted, &op)
	where, _ := strings.CutPrefix(a.Header.Get("Location"), "/api/v1")
	if where != "/operations/"+op.ID || op.Kind != "kick" || op.Progress.Total != 6 {
		t.Fatalf("%s %+v", where, op)
	}
	inside.Until(t, "all are kicked", func() bool {
		n.want(n.ask("GET", where, nil), http.StatusOK, &op)
		return op.State == api.OperationDone
	})
	if result, _ := op.Result.(map[string]any); op.Progress.Done != 6 || op.Ended == nil || result["kicked"] != 6.0 {
		t.Errorf("%+v", op)
	}
	n.problem(n.ask("DELETE", where, nil), api.Conflict)

	inside.Until(t, "all are back", func() bool {
		var l connList
		n.want(n.ask("GET", "/connections", nil), http.StatusOK, &l)
		return l.Total == 6
	})
	a = n.ask("POST", "/connections/kick", api.KickRequest{Name: "w*", Spread: "1h"}, "Authorization", "Bearer s-app")
	n.want(a, http.StatusAccepted, &op)
	where, _ = strings.CutPrefix(a.Header.Get("Location"), "/api/v1")
	n.problem(n.ask("DELETE", where, nil, "Authorization", "Bearer s-oz"), api.Forbidden)
	n.want(n.ask("DELETE", where+"?dry_run", nil, "Authorization", "Bearer s-app"), http.StatusOK, &op)
	if op.State != api.OperationRunning {
		t.Errorf("%+v", op)
	}
	var ops api.List[api.Operation]
	n.want(n.ask("GET", "/operations?filter=state==running", nil, "Authorization", "Bearer s-app"), http.StatusOK, &ops)
	if ops.Total != 1 || ops.Items[0].ID != op.ID {
		t.Errorf("%+v", ops)
	}
	n.want(n.ask("DELETE", where, nil), http.StatusOK, &op)
	if op.State != api.OperationCancelled || op.Progress.Done > 1 {
		t.Errorf("%+v", op)
	}
	n.want(n.ask("GET", "/operations", nil), http.StatusOK, &ops)
	if ops.Total != 2 || ops.Items[0].ID != op.ID {
		t.Errorf("%+v", ops)
	}
	n.problem(n.ask("GET", "/operations/x", nil), api.NotFound)
}

// Who is drained hears it first, and is cut off after the grace.
func TestDrain(t *testing.T) {
	t.Parallel()
	n := start(t, "lame_duck_grace_period: 50ms\nlame_duck_duration: 30s\n")
	warned := make(chan struct{}, 1)
	hear, told := errorsOf()
	c := n.dial("one", hear, nats.LameDuckModeHandler(func(*nats.Conn) { warned <- struct{}{} }))
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	cid := n.cid(c)
	a := n.ask("DELETE", fmt.Sprintf("/connections/%d?mode=drain&reason=moving", cid), nil)
	n.want(a, http.StatusAccepted, nil)
	select {
	case <-warned:
	case <-time.After(patience):
		t.Fatal("no warning")
	}
	await(t, told, "moving")
	if why := n.reasonFor(cid); why != "Kicked" {
		t.Error(why)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	c := n.dial("one")
	var rtt api.RTT
	for range 3 {
		n.want(n.ask("POST", fmt.Sprintf("/connections/%d/ping", n.cid(c)), nil), http.StatusOK, &rtt)
		if d, err := time.ParseDuration(rtt.RTT); err != nil || d <= 0 || int64(d) != rtt.NS {
			t.Errorf("%+v", rtt)
		}
	}
	n.connect(`"name":"mute"`)
	var l connList
	n.want(n.ask("GET", "/connections?name=mute", nil), http.StatusOK, &l)
	n.problem(n.ask("POST", fmt.Sprintf("/connections/%d/ping?timeout=30ms", l.Items[0].CID), nil), api.Timeout)
	n.problem(n.ask("POST", "/connections/4711/ping", nil), api.NotFound)
	n.problem(n.ask("POST", fmt.Sprintf("/connections/%d/ping?timeout=1h", n.cid(c)), nil), api.InvalidParameter)
}
