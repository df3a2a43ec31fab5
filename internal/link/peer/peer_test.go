package peer

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAgree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ own, remote, want string }{
		{Off, Off, Off},
		{Off, S2Fast, Off},
		{Off, "", NotSupported},
		{NotSupported, S2Fast, NotSupported},
		{Accept, "", NotSupported},
		{Accept, NotSupported, NotSupported},
		{Accept, Off, Off},
		{Accept, Accept, Off},
		{Accept, S2Better, S2Better},
		{Accept, S2Auto, S2Fast},
		{S2Fast, Accept, S2Fast},
		{S2Fast, S2Best, S2Fast},
		{S2Auto, S2Best, S2Auto},
		{S2Best, Off, Off},
		{S2Best, "", NotSupported},
	} {
		if got, err := Agree(c.own, c.remote); got != c.want || err != nil {
			t.Errorf("%s and %q: %s, %v, want %s", c.own, c.remote, got, err, c.want)
		}
	}
	if _, err := Agree(Accept, "zip"); err == nil || err.Error() != `unsupported route compression mode "zip"` {
		t.Errorf("unknown mode: %v", err)
	}
}

// Where one side agrees to compress, so does the other, whatever the modes are.
func TestBothAgree(t *testing.T) {
	t.Parallel()
	modes := []string{Off, NotSupported, Accept, S2Auto, S2Fast, S2Better, S2Best}
	for _, dialer := range modes {
		for _, acceptor := range modes {
			here, err := Agree(dialer, acceptor)
			if err != nil {
				t.Fatal(err)
			}
			told := dialer // what the dialer tells in its INFO
			if Negotiates(dialer) {
				told = here
			}
			there, err := Agree(acceptor, told)
			if err != nil || Compresses(here) != Compresses(there) {
				t.Errorf("%s dials %s: %s there, %s here, %v", dialer, acceptor, there, here, err)
			}
		}
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	usual := []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}
	for _, c := range []struct {
		thresholds []time.Duration
		rtt        time.Duration
		want       string
	}{
		{usual, time.Millisecond, S2Uncompressed},
		{usual, 10 * time.Millisecond, S2Uncompressed},
		{usual, 11 * time.Millisecond, S2Fast},
		{usual, 60 * time.Millisecond, S2Better},
		{usual, time.Second, S2Best},
		{[]time.Duration{0, 0, time.Hour}, time.Millisecond, S2Better},
		{[]time.Duration{0, time.Second}, time.Minute, S2Best},
	} {
		if got := Level(S2Auto, c.thresholds, c.rtt); got != c.want {
			t.Errorf("%v at %v: %s, want %s", c.thresholds, c.rtt, got, c.want)
		}
	}
	if got := Level(S2Fast, usual, time.Hour); got != S2Fast {
		t.Errorf("a fixed mode became %s", got)
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	var u URLs
	steps := []struct {
		server  string
		urls    []string
		changed bool
		want    []string
	}{
		{"a", []string{"1", "2"}, true, []string{"1", "2"}},
		{"b", []string{"2"}, false, []string{"1", "2"}},
		{"a", []string{"3"}, true, []string{"2", "3"}},
		{"b", nil, true, []string{"3"}},
		{"b", nil, false, []string{"3"}},
		{"a", nil, true, nil},
	}
	for i, s := range steps {
		if got := u.Set(s.server, s.urls); got != s.changed || !slices.Equal(u.All(), s.want) {
			t.Errorf("step %d: changed %v, %v", i, got, u.All())
		}
	}
}

func TestTry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy Policy
		good   int // the try that works; 0 is none
		tries  int
		within [2]time.Duration
	}{
		"at once":        {Policy{Retries: -1}, 1, 1, [2]time.Duration{0, 0}},
		"in the end":     {Policy{Retries: -1}, 4, 4, [2]time.Duration{3 * time.Second, 3300 * time.Millisecond}},
		"given up":       {Policy{Retries: 2}, 0, 3, [2]time.Duration{2 * time.Second, 2200 * time.Millisecond}},
		"heard of, once": {Policy{}, 0, 1, [2]time.Duration{0, 0}},
		"slower":         {Policy{Retries: -1, Backoff: true}, 8, 8, [2]time.Duration{91 * time.Second, 92 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tries, start, last := 0, time.Now(), time.Time{}
				Try(t.Context(), 0, func() Policy { return c.policy }, func(context.Context) error {
					if tries++; tries == c.good {
						return nil
					}
					return errors.New("no")
				}, func(_ error, attempt int, next time.Time) {
					if attempt != tries {
						t.Errorf("attempt %d of %d", attempt, tries)
					}
					last = next
				})
				if d := time.Since(start); tries != c.tries || d < c.within[0] || d > c.within[1] {
					t.Errorf("%d tries in %v", tries, d)
				}
				if c.good == 0 && !last.IsZero() {
					t.Errorf("another try is promised for %v", last)
				}
			})
		})
	}
}

func TestDialKnowsItself(t *testing.T) {
	t.Parallel()
	_, err := Dial(t.Context(), "127.0.0.1:4222", func(netip.AddrPort) bool { return true })
	if !errors.Is(err, ErrSelf) {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"host", "host:x", "127.0.0.1:1"} {
		if _, err := Dial(t.Context(), bad, func(netip.AddrPort) bool { return false }); err == nil {
			t.Errorf("dialed %q", bad)
		}
	}
}
