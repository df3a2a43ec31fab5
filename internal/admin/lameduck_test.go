package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

// Lame duck mode can be called off while nobody was sent away: clients come in again.
func TestLameDuckIsCalledOff(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	warned := make(chan struct{}, 2)
	c := n.dial("one", nats.LameDuckModeHandler(func(*nats.Conn) { warned <- struct{}{} }))
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	addr := "nats://" + n.ClientAddr().String()
	n.problem(n.ask("DELETE", "/server/lame-duck", nil), api.Conflict)
	var plan api.LameDuckPlan
	n.want(n.ask("POST", "/server/lame-duck", api.LameDuckRequest{Duration: "1h", DryRun: true}), http.StatusOK, &plan)
	if !plan.DryRun || plan.Connections != 1 || plan.Duration != "1h0m0s" || len(warned) > 0 {
		t.Errorf("%+v", plan)
	}
	for _, bad := range []api.LameDuckRequest{{Duration: "x"}, {Duration: "1s", Grace: "1s"}, {Duration: "-1s"}} {
		n.problem(n.ask("POST", "/server/lame-duck", bad), api.InvalidParameter)
	}
	for range 2 {
		var op api.Operation
		n.want(n.ask("POST", "/server/lame-duck", api.LameDuckRequest{Duration: "2h", Grace: "1h"}), http.StatusAccepted, &op)
		select {
		case <-warned:
		case <-time.After(patience):
			t.Fatal("no warning")
		}
		n.problem(n.ask("POST", "/server/lame-duck", nil), api.Conflict)
		if _, err := nats.Connect(addr); err == nil {
			t.Error("a client came in")
		}
		n.want(n.ask("DELETE", "/server/lame-duck?dry_run", nil), http.StatusOK, nil)
		n.want(n.ask("DELETE", "/server/lame-duck", nil), http.StatusNoContent, nil)
		n.want(n.ask("GET", "/operations/"+op.ID, nil), http.StatusOK, &op)
		if op.State != api.OperationCancelled {
			t.Errorf("%+v", op)
		}
		again, err := nats.Connect(addr)
		if err != nil {
			t.Fatal(err)
		}
		again.Close()
	}
	if !c.IsConnected() || c.Stats().Reconnects != 0 {
		t.Error("the client was cut off")
	}
}

// Once a client was sent away there is no way back.
func TestLameDuckGoesOn(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	c := n.dial("one", nats.NoReconnect())
	d := n.dial("two", nats.NoReconnect())
	var op api.Operation
	a := n.ask("POST", "/server/lame-duck", api.LameDuckRequest{Duration: "1h", Grace: "1ms"})
	n.want(a, http.StatusAccepted, &op)
	where, _ := strings.CutPrefix(a.Header.Get("Location"), "/api/v1")
	inside.Until(t, "one was sent away", func() bool {
		n.want(n.ask("GET", where, nil), http.StatusOK, &op)
		return op.Progress.Done == 1
	})
	n.problem(n.ask("DELETE", "/server/lame-duck", nil), api.Conflict)
	n.problem(n.ask("DELETE", where, nil), api.Conflict)
	inside.Until(t, "the client is closed", func() bool { return c.IsClosed() != d.IsClosed() || c.IsClosed() })
}
