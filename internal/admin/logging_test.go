package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

func TestLogging(t *testing.T) {
	t.Parallel()
	n := start(t, "log_levels: {auth: warn}\n")
	var s api.Logging
	n.want(n.ask("GET", "/logging", nil), http.StatusOK, &s)
	if s.Level != "info" || s.Source != "config" || s.Modules["auth"] != "warn" || !strings.HasSuffix(s.Destination, "/log") || s.Sample != 1 {
		t.Errorf("%+v", s)
	}
	n.want(n.ask("PUT", "/logging?dry_run", api.SetLogging{Level: "trace"}), http.StatusOK, &s)
	if s.Level != "trace" || !s.DryRun {
		t.Errorf("%+v", s)
	}
	n.want(n.ask("PUT", "/logging", api.SetLogging{Level: "debug", Modules: map[string]string{"client": "error", "auth": ""}, RevertAfter: "1h"}), http.StatusOK, &s)
	if s.Level != "debug" || s.Source != "api" || s.ChangedBy != "unix:uid:"+uid() || s.RevertAt == nil || len(s.Modules) != 1 || s.Modules["client"] != "error" {
		t.Errorf("%+v", s)
	}
	if !n.Logger().Enabled(t.Context(), -4) {
		t.Error("debug lines are not logged")
	}
	// A reload of the file is what counts.
	n.want(n.ask("POST", "/reload?dry_run", nil), http.StatusOK, nil)
	n.want(n.ask("GET", "/logging", nil), http.StatusOK, &s)
	if s.Source != "api" {
		t.Errorf("a dry run has changed it: %+v", s)
	}
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	n.want(n.ask("GET", "/logging", nil), http.StatusOK, &s)
	if s.Level != "info" || s.Source != "config" || s.Modules["auth"] != "warn" || s.RevertAt != nil {
		t.Errorf("%+v", s)
	}
	n.want(n.ask("PUT", "/logging", api.SetLogging{Level: "trace"}), http.StatusOK, nil) // holds for longer
	n.want(n.ask("PUT", "/logging", api.SetLogging{Level: "warn", RevertAfter: "100ms"}), http.StatusOK, &s)
	if s.Level != "warn" || s.Trace {
		t.Errorf("%+v", s)
	}
	inside.Until(t, "the change is taken back", func() bool {
		n.want(n.ask("GET", "/logging", nil), http.StatusOK, &s)
		return s.Source == "config"
	})
	if s.Level != "info" {
		t.Errorf("%+v", s)
	}
	for range 30 {
		n.want(n.ask("PUT", "/logging", api.SetLogging{Level: "warn", RevertAfter: "1h"}), http.StatusOK, nil)
	}
	inside.Until(t, "only the last change is waited for", func() bool {
		return strings.Count(string(n.ask("GET", "/debug/stacks", nil).body), "revertLater(") < 10
	})
	few := 0
	p := n.problem(n.ask("PUT", "/logging", api.SetLogging{Level: "loud", Sample: &few, Modules: map[string]string{"x": "info", "auth": "y"}, RevertAfter: "-1s"}), api.InvalidParameter)
	if len(p.Errors) != 5 {
		t.Errorf("%+v", p.Errors)
	}
}

func TestLogStream(t *testing.T) {
	t.Parallel()
	n := start(t, twoAccounts)
	n.want(n.ask("PUT", "/logging", api.SetLogging{Level: "trace"}), http.StatusOK, nil)
	all := n.stream("/logging/stream")
	ops := n.stream("/logging/stream?account=OPS&level=trace&module=client", "Accept", api.NDJSONType)
	grep := n.stream("/logging/stream?grep=RELOADED&level=info")
	n.connect(`"user":"ann","pass":"canary-ann"`)
	bob := n.connect(`"user":"bob","pass":"canary-bob"`)
	_, _ = bob.Write([]byte("PUB orders 2\r\nhi\r\n"))
	for {
		var l api.LogLine
		if _, kind, ok := all.next(&l); !ok || kind != api.LogEvent {
			t.Fatal("the stream has ended")
		}
		if strings.Contains(l.Text, "canary") {
			t.Errorf("a secret: %+v", l)
		}
		if l.Level == "trace" && strings.Contains(l.Text, "PUB orders") {
			if l.CID != 2 || l.Module != "client" || l.Time.IsZero() || time.Since(l.Time) > time.Hour {
				t.Errorf("%+v", l)
			}
			break
		}
	}
	for seen := false; !seen; {
		var l api.LogLine
		if _, _, ok := ops.next(&l); !ok {
			t.Fatal("the stream has ended")
		}
		if l.Type == api.StreamHeartbeat {
			continue
		}
		if l.Account != "OPS" || l.CID != 2 {
			t.Errorf("%+v", l)
		}
		seen = strings.Contains(l.Text, "PUB orders")
	}
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	var l api.LogLine
	if _, _, ok := grep.next(&l); !ok || !strings.Contains(l.Message, "Reloaded") {
		t.Errorf("%+v", l)
	}
	n.problem(n.ask("GET", "/logging/stream?level=loud&module=x&cid=y", nil), api.InvalidParameter)
}
