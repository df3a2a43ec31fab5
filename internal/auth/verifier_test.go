package auth

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"natsd/internal/config"
)

// mixed is a configuration with every form of a password, the most expensive of cost 5.
func mixed(t testing.TB) *Auth {
	return mustNew(t, authorization(
		config.User{Name: "plain", Password: "p"},
		config.User{Name: "cheap", Password: bcrypted(t, "p", 4)},
		config.User{Name: "dear", Password: bcrypted(t, "p", 5)},
		config.User{Name: "broken", Password: "$2a$05$short"},
		config.User{Name: "none"},
	))
}

var failing = []Request{
	{User: "nobody", Pass: "x"},
	{User: "plain", Pass: "x"},
	{User: "cheap", Pass: "x"},
	{User: "dear", Pass: "x"},
	{User: "broken", Pass: "x"},
	{User: "none", Pass: "x"},
	{User: "dear", Pass: strings.Repeat("x", 100)},
	{User: "nobody", Pass: strings.Repeat("x", 100)},
}

// TestFailuresCostTheSame compares the least time of each way to fail, which a busy machine disturbs
// least. It fails only when one is far off: more than the order of the work cannot be shown like this.
func TestFailuresCostTheSame(t *testing.T) {
	a := mixed(t)
	least := make([]time.Duration, len(failing))
	for range 25 {
		for i, c := range failing { // in turns, so that a slow moment of the machine hits all
			start := time.Now()
			if _, err := attempt(t, a, c); err == nil {
				t.Fatal("let in", c.User)
			}
			if took := time.Since(start); least[i] == 0 || took < least[i] {
				least[i] = took
			}
		}
	}
	for i, d := range least {
		t.Logf("%-7s %3d bytes: %v", failing[i].User, len(failing[i].Pass), d)
	}
	if low, high := slices.Min(least), slices.Max(least); high > 3*low {
		t.Errorf("from %v to %v", low, high)
	}
}

func BenchmarkFailure(b *testing.B) {
	a := mixed(b)
	for _, c := range failing {
		b.Run(fmt.Sprintf("%s/%d", c.User, len(c.Pass)), func(b *testing.B) {
			for b.Loop() {
				if _, err := attempt(b, a, c); err == nil {
					b.Fatal("let in")
				}
			}
		})
	}
}

func BenchmarkPlain(b *testing.B) {
	a := mustNew(b, authorization(config.User{Name: "u", Password: "p"}))
	for b.Loop() {
		if _, err := attempt(b, a, Request{User: "u", Pass: "p"}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestConcurrentUse has many connections ask one Auth; the race detector looks on.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	a := mixed(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for _, user := range []string{"plain", "cheap", "nobody", "none"} {
				r := Request{User: user, Pass: "p", Remote: netip.AddrPortFrom(addr(byte(i)), 1)}
				g, err := attempt(t, a, r)
				if want := user == "plain" || user == "cheap"; (err == nil) != want {
					t.Errorf("%s: %v %v", user, g, err)
				}
			}
		})
	}
	wg.Wait()
}

func attempt(t testing.TB, a *Auth, r Request) (*Grant, error) {
	t.Helper()
	req := fill(r)
	req.Connected = true
	return a.Authenticate(t.Context(), req)
}
