package ban

import (
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/status"
)

func TestFits(t *testing.T) {
	t.Parallel()
	bob := &status.Facts{Remote: netip.MustParseAddrPort("[::ffff:10.1.2.3]:5"), User: "bob", Account: "APP", Name: "worker.7"}
	fresh := &status.Facts{Remote: bob.Remote}
	for _, c := range []struct {
		match      Match
		bob, fresh bool
	}{
		{Match{}, false, false},
		{Match{IP: netip.MustParsePrefix("10.1.0.0/16")}, true, true},
		{Match{IP: netip.MustParsePrefix("10.2.0.0/16")}, false, false},
		{Match{User: "bob"}, true, false},
		{Match{NKey: "UABC"}, false, false},
		{Match{Account: "APP", Name: "worker.*"}, true, false},
		{Match{Account: "APP", Name: "console"}, false, false},
		{Match{IP: netip.MustParsePrefix("10.1.2.3/32"), User: "eve"}, false, false},
	} {
		if got := c.match.Fits(bob); got != c.bob {
			t.Errorf("%+v: %v", c.match, got)
		}
		if got := c.match.Fits(fresh); got != c.fresh {
			t.Errorf("%+v before CONNECT: %v", c.match, got)
		}
	}
}

func TestBansEndByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		bob := &status.Facts{User: "bob"}
		first := &Ban{Match: Match{User: "bob"}, Until: time.Now().Add(time.Minute), Reason: "loud"}
		if err := l.Add(first); err != nil || l.Find(bob) != first {
			t.Fatal(err)
		}
		again := &Ban{Match: Match{User: "bob"}, Until: time.Now().Add(time.Second)}
		if err := l.Add(again); err != nil || again.ID != first.ID || !again.Until.Equal(first.Until) || len(l.All()) != 1 {
			t.Errorf("%+v %v", again, err)
		}
		time.Sleep(59 * time.Second)
		if l.Find(bob) == nil {
			t.Error("ended early")
		}
		time.Sleep(time.Second)
		if l.Find(bob) != nil || len(l.All()) != 0 || l.Remove(first.ID) {
			t.Error("did not end")
		}
	})
	var none *List
	if none.Find(&status.Facts{}) != nil {
		t.Error("a nil list bans somebody")
	}
}

func TestBansAreBounded(t *testing.T) {
	t.Parallel()
	l := New()
	until := time.Now().Add(time.Hour)
	for i := range Most {
		if err := l.Add(&Ban{Match: Match{User: strconv.Itoa(i)}, Until: until}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Add(&Ban{Match: Match{User: "x"}, Until: until}); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if !l.Remove(l.All()[5].ID) || l.Add(&Ban{Match: Match{User: "x"}, Until: until}) != nil {
		t.Error("no room although one was removed")
	}
}
