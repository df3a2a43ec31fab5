package system

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// events collects what a server tells about an account and about refused clients.
func events(t *testing.T, s *harness.Server) *nats.Subscription {
	t.Helper()
	sys := connect(t, s, "sys")
	all, err := sys.SubscribeSync("$SYS.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := sys.Flush(); err != nil {
		t.Fatal(err)
	}
	return all
}

// next returns the next event whose subject has that form, < > standing for one token.
func next(t *testing.T, all *nats.Subscription, form string) map[string]any {
	t.Helper()
	for {
		m, err := all.NextMsg(patience)
		if err != nil {
			t.Fatalf("no %s: %v", form, err)
		}
		have, want := strings.Split(m.Subject, "."), strings.Split(form, ".")
		same := len(have) == len(want)
		for i := range want {
			same = same && (want[i] == "*" || have[i] == want[i])
		}
		if !same {
			continue
		}
		var v map[string]any
		if err := json.Unmarshal(m.Data, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestEvents holds that natsd tells every key that nats-server 2.9.10 tells, in the same order.
func TestEvents(t *testing.T) {
	t.Parallel()
	conf := "server_name: n1" + accounts
	var told [2][]map[string]any
	for i, k := range []harness.Kind{harness.Peer, harness.Natsd} {
		s := harness.Start(t, k, conf)
		all := events(t, s)
		add := func(form string) { told[i] = append(told[i], next(t, all, form)) }
		app := connect(t, s, "app")
		add("$SYS.SERVER.ACCOUNT.APP.CONNS")
		add("$SYS.ACCOUNT.APP.SERVER.CONNS")
		add("$SYS.ACCOUNT.APP.CONNECT")
		if err := app.Publish("x", []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := app.Flush(); err != nil {
			t.Fatal(err)
		}
		app.Close()
		add("$SYS.SERVER.ACCOUNT.APP.CONNS")
		add("$SYS.ACCOUNT.APP.SERVER.CONNS")
		add("$SYS.ACCOUNT.APP.DISCONNECT")
		if _, err := nats.Connect("nats://"+s.Addr, nats.UserInfo("app", "wrong")); err == nil {
			t.Fatal("let in with a wrong password")
		}
		add("$SYS.SERVER.*.CLIENT.AUTH.ERR")
		add("$SYS.SERVER.*.STATSZ")
	}
	for i, want := range told[0] {
		if missing := lacks("", any(want), any(told[1][i])); len(missing) > 0 {
			t.Errorf("event %d: natsd lacks %v in %v", i, missing, told[1][i])
		}
		for _, key := range []string{"type", "reason", "conns", "sent", "received"} {
			w, err := json.Marshal(want[key])
			if err != nil {
				t.Fatal(err)
			}
			g, err := json.Marshal(told[1][i][key])
			if err != nil {
				t.Fatal(err)
			}
			if key == "type" || key == "reason" || key == "conns" || want["reason"] != nil {
				if string(w) != string(g) {
					t.Errorf("event %d: %s is %s, nats-server has %s", i, key, g, w)
				}
			}
		}
	}
}

// TestLastWords holds that a server says goodbye.
func TestLastWords(t *testing.T) {
	t.Parallel()
	for signal, form := range map[syscall.Signal]string{
		syscall.SIGTERM: "$SYS.SERVER.*.SHUTDOWN",
		syscall.SIGUSR2: "$SYS.SERVER.*.LAMEDUCK",
	} {
		s := harness.Start(t, harness.Natsd, "server_name: n1\nlame_duck_duration: 30s\nlame_duck_grace_period: 1s"+accounts)
		all := events(t, s)
		if err := s.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if v := next(t, all, form); v["name"] != "n1" || v["ver"] == "" || v["seq"] == nil {
			t.Errorf("%s: %v", form, v)
		}
	}
}
