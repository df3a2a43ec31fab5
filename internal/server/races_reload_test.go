package server

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"natsd/internal/conn"
	"natsd/internal/link/client"
	"natsd/internal/status"
)

// TestNewConnectionsRaceWithReloads lets clients log in and subscribe while the configuration changes
// under them. When both are through, everybody who is in has what the configuration in force says, and
// nobody was turned away who was right before and after.
func TestNewConnectionsRaceWithReloads(t *testing.T) {
	t.Parallel()
	key := must(nkeys.CreateUser())
	pub := must(key.PublicKey())
	users := func(list string) string { return "authorization { users: [ " + list + " ] }\n" }
	always := ", {user: bob, password: two}"
	texts := []string{
		users("{user: alice, password: one}" + always),
		users("{user: alice, password: two}" + always),
		users("{user: alice, password: one, permissions: {subscribe: [a, 'b']}}" + always),
		users("{user: alice, password: one, permissions: {subscribe: {deny: [a, c.>]}}}, {nkey: " + pub + "}" + always),
		users("{user: carol, password: x}" + always),
		users("{user: alice, password: one, allowed_connection_types: [WEBSOCKET]}"+always) + "no_auth_user: bob\n",
		"accounts { $SYS { users: [ {user: alice, password: one} ] } }\n" + users("{user: bob, password: two}"),
		"accounts { B { users: [ {user: alice, password: one} ] } }\n" + users("{user: bob, password: two}"),
		"",
	}
	const base = "allow_auth_removal: true\nauth_failure_delay { free: 1000000 }\n"
	rounds := 60
	switch {
	case os.Getenv("NATSD_SOAK") == "1":
		rounds = 1000
	case racing:
		rounds = 25
	}
	const crowd = 20
	l := serve(t, base+texts[0])
	names := []string{"alice one", "alice two", "bob two", "nkey", "nobody"}
	was, open, refused := texts[0], 0, 0
	for round := range rounds {
		text := texts[rand.IntN(len(texts))]
		guests := make([]*guest, crowd)
		var g sync.WaitGroup
		start := make(chan struct{})
		for i := range guests {
			g.Go(func() {
				<-start
				time.Sleep(rand.N(2 * time.Millisecond))
				guests[i], _ = arrive(l, names[i%len(names)], key) // an error is an end as well
			})
		}
		var failed error
		g.Go(func() {
			<-start
			time.Sleep(rand.N(time.Millisecond))
			_, failed = l.try(onLoopback + base + text)
		})
		close(start)
		g.Wait()
		if failed != nil {
			t.Fatal(failed)
		}
		set := l.clients.Settings()
		for i, x := range guests {
			name := names[i%len(names)]
			if x == nil {
				refused++
				if name == "bob two" {
					t.Fatalf("round %d: bob was turned away between\n%s\nand\n%s", round, was, text)
				}
				continue
			}
			c := l.conns.Get(x.cid)
			if c == nil || c.Reason() != conn.Open {
				_ = x.sock.Close()
				refused++
				if name == "bob two" {
					t.Fatalf("round %d: bob was cut between\n%s\nand\n%s", round, was, text)
				}
				continue
			}
			open++
			s := c.Session().(*client.Session) //nolint:forcetypeassert // all of them are
			has := s.Grant()
			now, err := set.Auth.Authenticate(context.Background(), x.proof)
			switch {
			case err != nil:
				t.Fatalf("round %d: %s is in by %s between\n%s\nand\n%s: %v", round, name, has.ID, was, text, err)
			case !has.Same(now):
				t.Fatalf("round %d: %s has %s in %s, not %s in %s, between\n%s\nand\n%s", round, name, has.ID, has.Account, now.ID, now.Account, was, text)
			}
			for _, sub := range s.Subscriptions(-1) {
				if !now.Perms.Subscribe([]byte(sub.Subject), []byte(sub.Queue)) {
					t.Fatalf("round %d: %s is subscribed to %s between\n%s\nand\n%s", round, name, sub.Subject, was, text)
				}
			}
			if a := l.broker.Account(has.Account); a == nil || !slices.ContainsFunc(l.Accounts(), func(s status.Account) bool { return s.Name == a.Name && s.Clients > 0 }) {
				t.Fatalf("round %d: %s is in an account that is gone", round, name)
			}
			_ = x.sock.Close()
		}
		was = text
	}
	t.Logf("%d connections during %d reloads: %d are in at the end, %d are not", crowd*rounds, rounds, open, refused)
}
