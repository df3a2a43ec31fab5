package admin

import (
	"context"
	"net/http/httptest"
	"os"
	"testing"

	"natsd/internal/config"
)

// Users and groups are looked up only where the configuration names some.
func TestRoleOfAProcess(t *testing.T) {
	t.Parallel()
	const stranger = 1 << 20
	for _, c := range []struct {
		about    string
		uid      int
		o        config.Admin
		want     role
		lookedUp bool
	}{
		{about: "the user of the server", uid: os.Getuid(), want: admin},
		{about: "root", want: admin},
		{about: "nobody", uid: stranger, want: none},
		{about: "by id", uid: stranger, o: config.Admin{UIDRoles: map[string]string{"1048576": "viewer"}}, want: viewer},
		{about: "by name", uid: stranger, o: config.Admin{UIDRoles: map[string]string{"ann": "operator"}}, want: operator, lookedUp: true},
		{about: "root by name", o: config.Admin{UIDRoles: map[string]string{"ann": "viewer"}}, want: viewer, lookedUp: true},
		{about: "the best group", uid: stranger, o: config.Admin{GIDRoles: map[string]string{"ops": "operator", "7": "viewer", "x": "admin"}}, want: operator, lookedUp: true},
		{about: "no group", uid: stranger, o: config.Admin{GIDRoles: map[string]string{"x": "admin"}}, want: none, lookedUp: true},
	} {
		looked := false
		p := &peer{known: true, uid: c.uid, user: func() *account { looked = true; return &account{name: "ann", groups: []string{"7", "ops"}} }}
		if got := p.role(&c.o); got != c.want || looked != c.lookedUp {
			t.Errorf("%s: role %v, looked up %v", c.about, got, looked)
		}
	}
}

// One user who shows wrong tokens does not lock out others on the same socket.
func TestProcessesAreCountedByUser(t *testing.T) {
	t.Parallel()
	l := newLimits()
	from := func(p *peer) *call {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "@"
		return &call{r: addressed(r.WithContext(context.WithValue(r.Context(), peerKey{}, p)))}
	}
	ann, bob := from(newPeer(1000, 1000)), from(newPeer(1001, 1000))
	for range strangers {
		l.failed(ann)
	}
	if l.mayTry(ann) || !l.mayTry(bob) || !l.mayTry(from(&peer{})) {
		t.Error(l.mayTry(ann), l.mayTry(bob))
	}
	if r := httptest.NewRequest("GET", "/", nil); addressed(r) != r {
		t.Error("a request over TCP has got another address")
	}
}
