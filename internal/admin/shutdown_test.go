package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

func TestShutdown(t *testing.T) {
	t.Parallel()
	for _, graceful := range []bool{false, true} {
		n := start(t, "server_name: one\n")
		if graceful {
			n.connect(`"user":"x"`)
		}
		p := n.problem(n.ask("POST", "/server/shutdown", api.ShutdownRequest{Confirm: "two", Timeout: "x"}), api.InvalidParameter)
		if len(p.Errors) != 2 {
			t.Errorf("%+v", p)
		}
		n.want(n.ask("POST", "/server/shutdown?dry_run", api.ShutdownRequest{Confirm: "one"}), http.StatusNoContent, nil)
		var op api.Operation
		a := n.ask("POST", "/server/shutdown", api.ShutdownRequest{Graceful: &graceful, Timeout: "200ms", Confirm: "one"})
		n.want(a, http.StatusAccepted, &op)
		if a.Header.Get("Location") != "/api/v1/operations/"+op.ID || op.Kind != "shutdown" {
			t.Errorf("%v %+v", a.Header, op)
		}
		inside.Until(t, "the end", func() bool { return strings.Contains(n.log(), "Server Exiting") })
	}
}
