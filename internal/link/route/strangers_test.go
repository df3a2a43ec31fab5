package route

import (
	"fmt"
	"testing"
)

// Who does not say which server of which cluster it is becomes no route, on either side.
func TestNamelessServersAreRefused(t *testing.T) {
	t.Parallel()
	const dynamic = `cluster { port: -1, pool_size: -1, compression: off }`
	for _, c := range []struct{ conf, connect, info, want string }{
		{nopool, connectLine, `INFO {"server_name":"peer","cluster":"C1"}`, "-ERR 'INFO without a server_id'"},
		{nopool, connectLine, `INFO {"server_id":"","server_name":"peer","cluster":"C1","ip":"nats-route://127.0.0.1:1/"}`, "-ERR 'INFO without a server_id'"},
		{nopool, `CONNECT {"name":"NPEER"}`, "PING", `-ERR 'Rejecting connection, cluster name "" does not match "C1"'`},
		{nopool, `CONNECT {"name":"NPEER","cluster":"X","cluster_dynamic":true}`, "PING", `-ERR 'Rejecting connection, cluster name "X" does not match "C1"'`},
		{dynamic, `CONNECT {"name":"NPEER"}`, "PING", `-ERR 'Rejecting connection, cluster name "" does not match "`},
		{dynamic, `CONNECT {"name":"NPEER","cluster":"","cluster_dynamic":true}`, "PING", `-ERR 'Rejecting connection, cluster name "" does not match "`},
	} {
		h := newHost(t, c.conf)
		name, _ := h.Name()
		w := h.accept(t)
		w.want("INFO ")
		w.say(c.connect, c.info)
		w.want(c.want)
		if line, err := w.hear(); err == nil {
			t.Errorf("%s: still open, %q", c.info, line)
		}
		if now, _ := h.Name(); now != name || h.Up() != 0 {
			t.Errorf("%s: the cluster is called %q, %d routes", c.connect, now, h.Up())
		}
	}
}

// Later INFO without an id tells of nobody.
func TestNamelessNews(t *testing.T) {
	t.Parallel()
	h := newHost(t, nopool)
	w := h.accept(t)
	w.join("")
	w.say(`INFO {"server_id":"","ip":"nats-route://127.0.0.1:1/","cluster":"C1"}`, fmt.Sprintf(infoLine, ""), "PING")
	w.want("PONG")
	if len(h.Targets()) != 0 || h.Up() != 1 {
		t.Errorf("%d targets, %d routes", len(h.Targets()), h.Up())
	}
}

// Who connects and does not say who it is has to go, also where no password is asked for.
func TestSilentConnectionsEnd(t *testing.T) {
	t.Parallel()
	for _, more := range []string{"timeout: 0.05", "timeout: 0.05, user: u, password: p"} {
		h := newHost(t, fmt.Sprintf(`cluster { name: C1, port: -1, pool_size: -1, compression: off, authorization { %s } }`, more))
		w := h.accept(t)
		w.want("INFO ")
		w.want("-ERR 'Authentication Timeout'")
		if line, err := w.hear(); err == nil {
			t.Errorf("%s: still open, %q", more, line)
		}
	}
}
