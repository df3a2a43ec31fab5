package system

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// id returns the id of a server.
func id(t *testing.T, s *harness.Server) string {
	t.Helper()
	v, err := s.Varz()
	if err != nil {
		t.Fatal(err)
	}
	return v["server_id"].(string)
}

func TestKick(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Natsd, accounts)
	sys, closed := connect(t, s, "sys"), make(chan struct{})
	app := connect(t, s, "app", nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	cid, err := app.GetClientID()
	if err != nil {
		t.Fatal(err)
	}
	kick := "$SYS.REQ.SERVER." + id(t, s) + ".KICK"
	if a := ask(t, sys, kick, fmt.Sprintf(`{"cid":%d}`, cid)); a.Error != nil || a.Data != nil {
		t.Errorf("kick: %s", a.raw)
	}
	<-closed
	if why, err := s.Reason(cid, patience); err != nil || why != "Kicked" {
		t.Errorf("reason %q, %v", why, err)
	}
	if a := ask(t, sys, kick, fmt.Sprintf(`{"cid":%d}`, cid)); a.Error == nil || a.Error.Description != "no such client or leafnode id" {
		t.Errorf("second kick: %s", a.raw)
	}
}

func TestLameDuckOfOne(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Natsd, accounts)
	sys, told := connect(t, s, "sys"), make(chan struct{}, 1)
	app := connect(t, s, "app", nats.LameDuckModeHandler(func(*nats.Conn) { told <- struct{}{} }))
	other := connect(t, s, "other", nats.LameDuckModeHandler(func(*nats.Conn) { t.Error("the other one was told") }))
	cid, err := app.GetClientID()
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t, sys, "$SYS.REQ.SERVER."+id(t, s)+".LDM", fmt.Sprintf(`{"cid":%d}`, cid)); a.Error != nil {
		t.Errorf("%s", a.raw)
	}
	<-told
	if err := other.Flush(); err != nil {
		t.Error(err)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Natsd, "server_name: r1\nwatch: false"+accounts)
	sys := connect(t, s, "sys")
	text, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	reload := "$SYS.REQ.SERVER." + id(t, s) + ".RELOAD"
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(s.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(text) + "\nmax_payload: 4096\n")
	if a := ask(t, sys, reload, "{}"); a.Error != nil || a.Data != nil {
		t.Errorf("%s", a.raw)
	}
	if a := ask(t, sys, "$SYS.REQ.SERVER.PING.VARZ", ""); a.Data["max_payload"] != 4096.0 {
		t.Errorf("not in force: %v", a.Data["max_payload"])
	}
	write(string(text) + "\nbogus_key: 1\n")
	if a := ask(t, sys, reload, ""); a.Error == nil || a.Error.Code != 500 || !strings.Contains(a.Error.Description, "bogus_key") {
		t.Errorf("%s", a.raw)
	}
	// All accounts go: a request on $SYS does not pass the guard.
	write("listen: \"" + s.Addr + "\"\n")
	if a := ask(t, sys, reload, ""); a.Error == nil || a.Error.Code != 500 {
		t.Errorf("%s", a.raw)
	}
	if a := ask(t, sys, "$SYS.REQ.SERVER.PING.VARZ", ""); a.Data["max_payload"] != 4096.0 {
		t.Errorf("the old configuration is not in force any more: %v", a.Data["max_payload"])
	}
}
