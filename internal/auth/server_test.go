package auth

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"natsd/internal/config"
)

func TestServers(t *testing.T) {
	t.Parallel()
	v := mustNew(t, &config.Options{}).Servers()
	hash := bcrypted(t, "p", 4)
	from := netip.MustParseAddr("10.0.0.1")
	for _, c := range []struct {
		auth           config.PeerAuth
		user, password string
		want           bool
	}{
		{config.PeerAuth{}, "", "", true},
		{config.PeerAuth{}, "u", "p", true},
		{config.PeerAuth{User: "u", Password: "p"}, "u", "p", true},
		{config.PeerAuth{User: "u", Password: "p"}, "u", "x", false},
		{config.PeerAuth{User: "u", Password: "p"}, "x", "p", false},
		{config.PeerAuth{User: "u", Password: "p"}, "", "", false},
		{config.PeerAuth{User: "u"}, "u", "", true},
		{config.PeerAuth{User: "u"}, "x", "", false},
		{config.PeerAuth{User: "u"}, "u", "p", false},
		{config.PeerAuth{User: "u", Password: hash}, "u", "p", true},
		{config.PeerAuth{User: "u", Password: hash}, "u", "x", false},
		{config.PeerAuth{User: "u", Password: hash}, "x", "p", false},
		{config.PeerAuth{User: "u", Password: hash}, "u", hash.Reveal(), false},
	} {
		if got, err := v.Admits(t.Context(), from, &c.auth, c.user, c.password); got != c.want || err != nil {
			t.Errorf("%q %q: %v, %v, want %v", c.user, c.password, got, err, c.want)
		}
	}
}

// Servers wait for bcrypt as clients do, and what was right once does not wait, in any snapshot.
func TestServersTakeTurns(t *testing.T) {
	t.Parallel()
	a := mustNew(t, &config.Options{})
	c := &config.PeerAuth{User: "u", Password: bcrypted(t, "p", 4)}
	from := netip.MustParseAddr("10.0.0.1")
	if ok, err := a.Servers().Admits(t.Context(), from, c, "u", "p"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	occupy(t, a.slots)
	next, err := New(&config.Options{}, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Servers{a.Servers(), next.Servers()} {
		if ok, err := v.Admits(t.Context(), from, c, "u", "p"); !ok || err != nil {
			t.Errorf("a password that was right: %v, %v", ok, err)
		}
		for _, user := range []string{"u", "x"} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			if ok, err := v.Admits(ctx, from, c, user, "x"); ok || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("user %q beside the queue: %v, %v", user, ok, err)
			}
			cancel()
		}
	}
}
