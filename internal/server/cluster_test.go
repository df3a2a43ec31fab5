package server

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"natsd/internal/link/route"
	"natsd/internal/status"
)

// soon fails the test unless ok becomes true.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func clustered(t *testing.T, name string) *Server {
	t.Helper()
	s, _ := launch(t, options(t, fmt.Sprintf("server_name: %s\ncluster { name: C1, listen: \"127.0.0.1:-1\" }\n", name)))
	return s
}

// An operator adds a route, sees how it fares, ends one of its connections, and removes it.
func TestRoutesOfAnOperator(t *testing.T) {
	t.Parallel()
	a, b := clustered(t, "a"), clustered(t, "b")
	address := b.ClusterAddr().String()
	if err := a.routes.AddRoute("nats://user:secret@" + address); err != nil {
		t.Fatal(err)
	}
	if err := a.routes.AddRoute(address); !errors.Is(err, route.ErrKnown) {
		t.Errorf("added twice: %v", err)
	}
	up := func(n int) func() bool {
		return func() bool { return len(a.AppendRoutes(nil)) == n && len(b.AppendRoutes(nil)) == n }
	}
	soon(t, "all connections", up(4))
	target := a.routes.Targets()
	if len(target) != 1 || target[0].URL != "nats-route://"+address || !target[0].Runtime || target[0].Configured ||
		target[0].State != route.TargetConnected || target[0].ServerName != "b" || target[0].ServerID != b.ID() {
		t.Errorf("targets: %+v", target)
	}
	var rid uint64
	for _, r := range a.AppendRoutes(nil) {
		if rid = r.Facts.CID; !r.Solicited || !r.Configured || r.RemoteName != "b" || r.Facts.Kind != status.Router {
			t.Errorf("route: %+v", r)
		}
	}
	if n := len(slices.Collect(a.Conns())); n != 0 {
		t.Errorf("%d routes are among the clients", n)
	}
	if !a.Kick(rid, "test", "") {
		t.Error("nobody was kicked")
	}
	soon(t, "another connection in its place", func() bool {
		rows := a.AppendRoutes(nil)
		for _, r := range rows {
			if r.Facts.CID == rid {
				return false
			}
		}
		return len(rows) == 4
	})
	if err := a.routes.RemoveRoute(address); err != nil {
		t.Fatal(err)
	}
	soon(t, "the end of the routes", up(0))
	if err := a.routes.RemoveRoute(address); !errors.Is(err, route.ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	if err := a.routes.AddRoute("127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	soon(t, "a failed try", func() bool {
		x := a.routes.Targets()
		return len(x) == 1 && x[0].State == route.TargetRetrying && x[0].LastError != "" && x[0].Attempts > 0 && !x[0].NextAttempt.IsZero()
	})
	for _, bad := range []string{"", "host", "nats://%zz:1"} {
		if err := a.routes.AddRoute(bad); err == nil {
			t.Errorf("added %q", bad)
		}
	}
}

func TestNoRoutesWithoutCluster(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, ""))
	if err := s.routes.AddRoute("127.0.0.1:1"); !errors.Is(err, route.ErrOff) {
		t.Errorf("added: %v", err)
	}
	if len(s.routes.Targets()) != 0 || s.ClusterAddr() != nil {
		t.Error("there is something of a cluster")
	}
}
