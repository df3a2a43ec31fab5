package auth

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/config"
)

var rule = config.FailureDelay{Free: 20, Per: time.Minute, Max: time.Second}

// login tries once and returns how long that took and how it ended.
func login(t *testing.T, a *Auth, from string, r Request) (time.Duration, error) {
	t.Helper()
	req := fill(r)
	req.Connected = true
	req.Remote = netip.AddrPortFrom(netip.MustParseAddr(from), 1000)
	start := time.Now()
	_, err := a.Authenticate(t.Context(), req)
	return time.Since(start), err
}

func throttled(t *testing.T) *Auth {
	o := authorization(config.User{Name: "u", Password: "p"}, config.User{Name: "v", Password: "p"})
	o.Authorization.FailureDelay = rule
	return mustNew(t, o)
}

func TestFailuresAreDelayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := throttled(t)
		good, bad := Request{User: "u", Pass: "p"}, Request{User: "u", Pass: "x"}
		expect := func(what, from string, r Request, want time.Duration) {
			t.Helper()
			if got, _ := login(t, a, from, r); got != want {
				t.Errorf("%s took %v, want %v", what, got, want)
			}
		}
		for range rule.Free {
			expect("a free failure", "10.0.0.1", bad, 0)
		}
		for _, parts := range []time.Duration{8, 4, 2, 1, 1} {
			expect("a failure", "10.0.0.1", bad, rule.Max/parts)
		}
		expect("the mapped address", "::ffff:10.0.0.1", bad, time.Second)
		expect("a good login of the same user and address", "10.0.0.1", good, time.Second)
		expect("the good user from another address", "10.0.0.2", good, 0)
		expect("another user of the same address", "10.0.0.1", Request{User: "v", Pass: "p"}, 0)
		expect("a failure of another user", "10.0.0.1", Request{User: "v", Pass: "x"}, 0)
		expect("an unknown user", "10.0.0.1", Request{User: "nobody"}, 0)

		// Failures are remembered over a reload, and forgotten after the window.
		next, err := New(&config.Options{Authorization: config.Authorization{User: "u", Password: "p", FailureDelay: rule}}, a)
		if err != nil {
			t.Fatal(err)
		}
		a = next
		expect("a failure after a reload", "10.0.0.1", bad, time.Second)
		time.Sleep(rule.Per)
		expect("a failure in the next window", "10.0.0.1", bad, 0)
	})
}

func TestUnknownUsersAreDelayedAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := throttled(t)
		for i := range 30 {
			known, _ := login(t, a, "10.0.0.1", Request{User: "u", Pass: "x"})
			unknown, _ := login(t, a, "10.0.0.1", Request{User: "nobody", Pass: "x"})
			if i < rule.Free && known+unknown != 0 || known != unknown {
				t.Fatalf("failure %d: known %v, unknown %v", i, known, unknown)
			}
		}
	})
}

// TestTokenFailures: a token has no name, so bad tokens wait and good ones from the same address do
// not; and who offers nothing is not guessing.
func TestTokenFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := mustNew(t, &config.Options{Authorization: config.Authorization{Token: "t", FailureDelay: rule}})
		for range 100 {
			if took, err := login(t, a, "10.0.0.1", Request{}); took != 0 || err == nil {
				t.Fatalf("nothing offered: %v, %v", took, err)
			}
		}
		for range rule.Free + 5 {
			_, _ = login(t, a, "10.0.0.1", Request{Token: "x"})
		}
		if took, err := login(t, a, "10.0.0.1", Request{Token: "x"}); took != time.Second || err == nil {
			t.Errorf("bad token: %v, %v", took, err)
		}
		if took, err := login(t, a, "10.0.0.1", Request{Token: "t"}); took != 0 || err != nil {
			t.Errorf("good token: %v, %v", took, err)
		}
	})
}

func TestDelayEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := throttled(t)
		for range rule.Free + 5 {
			_, _ = login(t, a, "10.0.0.1", Request{User: "u", Pass: "x"})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		r := fill(Request{User: "u", Pass: "p", Remote: netip.MustParseAddrPort("10.0.0.1:1")})
		r.Connected = true
		start := time.Now()
		if _, err := a.Authenticate(ctx, r); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 300*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

func TestNoDelayWhenOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := mustNew(t, authorization(config.User{Name: "u", Password: "p"}))
		for range 100 {
			if took, _ := login(t, a, "10.0.0.1", Request{User: "u", Pass: "x"}); took != 0 {
				t.Fatalf("took %v", took)
			}
		}
	})
}

// TestThrottleIsBounded: made-up names neither grow the table nor wash out a user under attack.
func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		th.room = 1000
		from := netip.MustParseAddr("10.0.0.1")
		victim := th.key(from, "u")
		for range rule.Free + 10 {
			th.failed(victim, rule)
		}
		for i := range 50_000 {
			th.failed(th.key(from, strconv.Itoa(i)), rule)
		}
		if n := len(th.failures); n > th.room {
			t.Errorf("%d keys, room for %d", n, th.room)
		}
		if d := th.delay(victim, rule); d != rule.Max {
			t.Errorf("the user under attack waits %v, want %v", d, rule.Max)
		}
	})
}
