package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"natsd/internal/config"
)

// TestKnownPasswordsDoNotWait: who was let in once is let in again while bcrypt is busy with others,
// also after a reload; a wrong password still waits for its turn, and so does a changed hash.
func TestKnownPasswordsDoNotWait(t *testing.T) {
	t.Parallel()
	hash := bcrypted(t, "right", 5)
	before := mustNew(t, authorization(config.User{Name: "u", Password: hash}))
	if _, err := attempt(t, before, Request{User: "u", Pass: "right"}); err != nil {
		t.Fatal(err)
	}
	after, err := New(authorization(config.User{Name: "u", Password: hash}), before)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := New(authorization(config.User{Name: "u", Password: bcrypted(t, "right", 5)}), after)
	if err != nil {
		t.Fatal(err)
	}
	occupy(t, before.slots)
	for name, tt := range map[string]struct {
		a    *Auth
		pass string
		in   bool
	}{
		"again":         {before, "right", true},
		"after reload":  {after, "right", true},
		"wrong":         {after, "wrong", false},
		"another hash":  {changed, "right", false},
		"a longer one":  {after, "rightright", false},
		"the hash":      {after, hash.Reveal(), false},
		"none":          {after, "", false},
		"hash in front": {after, hash.Reveal() + "right", false},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := tt.a.Authenticate(ctx, &Request{
			Type: Standard, Remote: netip.MustParseAddrPort("192.0.2.1:1"), Connected: true, User: "u", Pass: tt.pass,
		})
		cancel()
		if in := err == nil; in != tt.in {
			t.Errorf("%s: %v", name, err)
		}
		if !tt.in && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: decided without bcrypt: %v", name, err)
		}
	}
}

// occupy takes all slots until the test ends.
func occupy(t *testing.T, s *slots) {
	t.Helper()
	s.mu.Lock()
	n := s.free
	s.mu.Unlock()
	for range n {
		if err := s.acquire(t.Context(), netip.Addr{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for range n {
			s.release()
		}
	})
}

// TestManyAtOnce: clients that share a user come in together within the time of a few comparisons.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	a := mustNew(t, authorization(config.User{Name: "u", Password: bcrypted(t, "p", 10)}))
	var all sync.WaitGroup
	var failed sync.Map
	start := time.Now()
	for i := range 100 {
		all.Go(func() {
			if _, err := attempt(t, a, Request{User: "u", Pass: "p"}); err != nil {
				failed.Store(i, err)
			}
		})
	}
	all.Wait()
	failed.Range(func(i, err any) bool {
		t.Errorf("client %v: %v", i, err)
		return true
	})
	begin := time.Now()
	compareNothing(10)
	if one, took := time.Since(begin), time.Since(start); took > 40*one+time.Second {
		t.Errorf("100 logins took %v, one comparison takes %v", took, one)
	}
}

func TestKnownIsBounded(t *testing.T) {
	t.Parallel()
	k := newKnown()
	for i := range 3 * mostKnown {
		k.add("hash", fmt.Sprint(i))
	}
	if n := len(k.digests); n > mostKnown {
		t.Errorf("%d passwords are remembered", n)
	}
	if !k.has("hash", fmt.Sprint(3*mostKnown-1)) || k.has("hash", "x") || newKnown().has("hash", "1") {
		t.Error("what is known is not what was added")
	}
}
