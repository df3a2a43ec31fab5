package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

// A ban holds before and after authentication, ends the connections that it fits, and ends by itself.
func TestBans(t *testing.T) {
	t.Parallel()
	n := start(t, tenants)
	url := "nats://" + n.ClientAddr().String()
	try := func(user, pass string) string {
		c, err := nats.Connect(url, nats.UserInfo(user, pass), nats.Name("try"))
		if err != nil {
			return err.Error()
		}
		c.Close()
		return ""
	}
	for _, c := range []struct {
		match      api.BanMatch
		alice, bob bool // banned
	}{
		{api.BanMatch{IP: "127.0.0.0/8"}, true, true},
		{api.BanMatch{IP: "::1"}, false, false},
		{api.BanMatch{User: "alice"}, true, false},
		{api.BanMatch{Account: "APP"}, true, true},
		{api.BanMatch{Account: "OPS"}, false, false},
		{api.BanMatch{Name: "t?y"}, true, true},
		{api.BanMatch{User: "bob", IP: "127.0.0.1"}, false, true},
		{api.BanMatch{User: "bob", IP: "10.0.0.1"}, false, false},
	} {
		hear, told := errorsOf()
		open := n.dial("try", nats.UserInfo("alice", "a"), hear)
		cid := n.cid(open)
		req := api.BanRequest{Match: c.match, For: "1h", Reason: "rest a while"}
		var b api.Ban
		n.want(n.ask("POST", "/bans?dry_run=true", req), http.StatusOK, &b)
		if c.alice && b.Kicked == 0 || !b.DryRun || try("bob", "b") != "" || open.Stats().Reconnects > 0 {
			t.Errorf("dry run of %+v: %+v", c.match, b)
		}
		n.want(n.ask("POST", "/bans", req), http.StatusCreated, &b)
		if c.alice && b.Kicked == 0 || b.ID == "" || b.Match != c.match {
			t.Errorf("%+v: %+v", c.match, b)
		}
		for user, banned := range map[string]bool{"alice": c.alice, "bob": c.bob} {
			if text := try(user, user[:1]); (text != "") != banned || banned && !strings.Contains(text, "rest a while") {
				t.Errorf("%+v, %s: %q", c.match, user, text)
			}
		}
		if c.alice {
			await(t, told, "rest a while")
			if why := n.reasonFor(cid); why != "Kicked" {
				t.Error(why)
			}
		}
		n.want(n.ask("DELETE", "/bans?dry_run", nil), http.StatusOK, nil)
		if text := try("bob", "b"); (text != "") != c.bob {
			t.Errorf("after a dry run of the end: %q", text)
		}
		n.want(n.ask("DELETE", "/bans", nil), http.StatusNoContent, nil)
		open.Close()
	}
	var l connList
	n.want(n.ask("GET", "/connections?state=closed&filter=reason==Banned", nil), http.StatusOK, &l)
	if l.Total < 5 {
		t.Errorf("%d were banned", l.Total)
	}
	n.want(n.ask("POST", "/bans", api.BanRequest{Match: api.BanMatch{User: "alice"}, For: "100ms"}), http.StatusCreated, nil)
	inside.Until(t, "the ban has ended", func() bool { return try("alice", "a") == "" })
	soon := time.Now().Add(time.Hour)
	past := soon.Add(-2 * time.Hour)
	for _, bad := range []api.BanRequest{
		{Match: api.BanMatch{User: "x"}},
		{Match: api.BanMatch{User: "x"}, For: "1h", Until: &soon},
		{Match: api.BanMatch{User: "x"}, Until: &past},
		{Match: api.BanMatch{User: "x"}, For: "9000h"},
		{Match: api.BanMatch{IP: "1.2.3"}, For: "1h"},
	} {
		n.problem(n.ask("POST", "/bans", bad), api.InvalidParameter)
	}
	n.problem(n.ask("POST", "/bans", api.BanRequest{For: "1h"}), api.FilterRequired)
}

// Who is limited to accounts bans there, and sees the bans there.
func TestBansOfAnAccount(t *testing.T) {
	t.Parallel()
	n := start(t, tenants+tokenConf(t))
	as := []string{"Authorization", "Bearer s-app"}
	var b api.Ban
	n.want(n.ask("POST", "/bans", api.BanRequest{Match: api.BanMatch{Name: "x"}, For: "1h"}, as...), http.StatusCreated, &b)
	if b.Match.Account != "APP" {
		t.Errorf("%+v", b)
	}
	n.problem(n.ask("POST", "/bans", api.BanRequest{Match: api.BanMatch{Account: "OPS"}, For: "1h"}, as...), api.Forbidden)
	var other api.Ban
	n.want(n.ask("POST", "/bans", api.BanRequest{Match: api.BanMatch{Account: "OPS"}, For: "1h"}), http.StatusCreated, &other)
	n.problem(n.ask("DELETE", "/bans/"+other.ID, nil, as...), api.NotFound)
	n.want(n.ask("DELETE", "/bans", nil, as...), http.StatusNoContent, nil)
	var l api.List[api.Ban]
	n.want(n.ask("GET", "/bans", nil), http.StatusOK, &l)
	if l.Total != 1 || l.Items[0].ID != other.ID {
		t.Errorf("%+v", l)
	}
}

// A kick that bans bans nowhere else either.
func TestKickAndBanInAnotherAccount(t *testing.T) {
	t.Parallel()
	n := start(t, tenants+tokenConf(t))
	as := []string{"Authorization", "Bearer s-app"}
	for _, path := range []string{"/connections/kick", "/kick"} {
		n.problem(n.ask("POST", path, api.KickRequest{Account: "OPS", User: "olga", Ban: "1h"}, as...), api.Forbidden)
	}
	if all := n.Bans().All(); len(all) != 0 {
		t.Errorf("%+v", all[0])
	}
	n.dial("console", nats.UserInfo("olga", "o"))
}
