package broker

import (
	"sync"
	"testing"
)

func TestCloseWaitsForTheLastClient(t *testing.T) {
	t.Parallel()
	b := New()
	a := b.Open("A")
	a.Join()
	b.Close("A")
	if b.Account("A") != a {
		t.Fatal("closed with a client in it")
	}
	if b.Open("A") != a {
		t.Fatal("another account of the same name")
	}
	a.Leave()
	if b.Account("A") != a {
		t.Fatal("closed although it was opened again")
	}
	a.Join()
	b.Close("A")
	a.Leave()
	if b.Account("A") != nil || !a.Gone() || a.Join() || a.Clients() != 0 {
		t.Errorf("the account is still there for somebody: %d clients", a.Clients())
	}
	if fresh := b.Open("A"); fresh == a || !fresh.Join() {
		t.Error("no new account in its place")
	}
}

// Whoever joins while an account is closed and opened is in the one that the broker knows, or nowhere.
func TestJoinRacesWithClose(t *testing.T) {
	t.Parallel()
	b := New()
	b.Open("A")
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			for range 2000 {
				a := b.Account("A")
				if a == nil || !a.Join() {
					continue
				}
				if b.Account("A") != a {
					t.Error("joined an account that the broker has forgotten")
				}
				a.Leave()
			}
		})
	}
	g.Go(func() {
		for range 2000 {
			b.Close("A")
			b.Open("A")
		}
	})
	g.Wait()
}
