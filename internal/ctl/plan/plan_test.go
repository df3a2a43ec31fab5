package plan_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/plan"
)

func show(t *testing.T, p *api.Plan, color bool) string {
	t.Helper()
	var b bytes.Buffer
	w := plan.Writer{Out: &b, Color: color, Dir: "/etc/nats"}
	if err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sample() *api.Plan {
	return &api.Plan{
		DryRun: true, Verdict: api.VerdictRejected,
		Changes: []api.Change{
			{
				Path: "authorization.users.alice.permissions", Op: "replace", Old: map[string]any{"publish": []string{"a.>"}}, New: map[string]any{"publish": []string{"b.>"}}, Verdict: api.VerdictDisruptive,
				Effect: api.Counts{Affected: 3, Dropped: 1, Subs: 5}, Source: &api.Source{File: "/etc/nats/auth.conf", Line: 12, Column: 7},
			},
			{Path: "authorization.users.bob", Op: "remove", Verdict: api.VerdictLive, Source: &api.Source{File: "/elsewhere/x.conf", Line: 1, Column: 1}},
			{Path: "debug", Op: "add", New: true, Verdict: api.VerdictLive, Source: &api.Source{Flag: "--debug"}},
			{Path: "log_file", Op: "replace", Old: "a.log", New: "missing/a.log", Verdict: api.VerdictRejected, Reason: "open missing/a.log: no such file or directory"},
			{Path: "tls.cert_file", Op: "replace", Content: true, Old: "c.pem", New: "c.pem", Verdict: api.VerdictLive},
			{Path: "name\x1b[2J", Op: "add", New: strings.Repeat("x", 100), Verdict: api.VerdictRestart, Source: &api.Source{Env: "NATSD_X"}},
		},
		Omitted: 2, Summary: map[string]int{api.VerdictLive: 3, api.VerdictDisruptive: 1, api.VerdictRejected: 1, api.VerdictRestart: 3},
		Predicted: api.Effects{Counts: api.Counts{Affected: 3, Dropped: 1}, List: []api.Effect{
			{CID: 7, User: "alice", Account: "APP", Dropped: true, Reason: "Credentials Revoked"}, {CID: 8, User: "bob", Subs: 5},
		}},
		Warnings: []api.Item{{Message: "plain password", File: "/etc/nats/auth.conf", Line: 3, Column: 1, Hint: "use bcrypt"}},
		Errors:   []api.Item{{Message: "log_file cannot be opened"}},
		Result:   api.Result{Outcome: api.OutcomeRefused},
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	want := `  ~ authorization.users.alice.permissions: {"publish":["a.>"]} -> {"publish":["b.>"]}  (live-disruptive)
      auth.conf:12:7; 1 connection ends, 2 connections are touched, 5 subscriptions are removed
  - authorization.users.bob  (live)
      /elsewhere/x.conf:1:1
  + debug: true  (live)
      flag --debug
  ~ log_file: "a.log" -> "missing/a.log"  (rejected)
      open missing/a.log: no such file or directory
  ~ tls.cert_file: the file holds something else  (live)
  + name` + "\ufffd" + `[2J: "` + strings.Repeat("x", 59) + `…  (restart)
      variable NATSD_X
  … and 2 more changes

  Connections that would end or would be touched:
    - cid 7 alice (APP): Credentials Revoked
    ~ cid 8 bob: 5 subscriptions
    … and 1 more
warning: auth.conf:3:1: plain password (use bcrypt)
error: log_file cannot be opened

8 changes: 3 live, 1 live-disruptive, 3 restart, 1 rejected. Refused: nothing was changed.
`
	if diff := cmp.Diff(want, show(t, sample(), false)); diff != "" {
		t.Error(diff)
	}
	if got := show(t, sample(), true); !strings.Contains(got, "\x1b[31m-\x1b[0m \x1b[1mauthorization.users.bob\x1b[0m") {
		t.Errorf("%q", got)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	seven := 7
	for want, p := range map[string]*api.Plan{
		"No changes. There is nothing to apply.\n":                                              {DryRun: true, Result: api.Result{Outcome: api.OutcomeNoop}},
		"No changes. The configuration in force is the same.\n":                                 {Result: api.Result{Outcome: api.OutcomeNoop}},
		"No changes. Nothing was changed: this was a dry run.\n":                                {DryRun: true, Result: api.Result{Outcome: api.OutcomeApplied}},
		"No changes. Applied as revision 7.\n":                                                  {Result: api.Result{Outcome: api.OutcomeApplied, Applied: true, Revision: &seven}},
		"No changes. Applied. Waiting for a restart: a, b.\n":                                   {Result: api.Result{Outcome: api.OutcomeApplied, Applied: true, Pending: []string{"b", "a"}}},
		"No changes. It was applied, and taken back.\n":                                         {Result: api.Result{Outcome: api.OutcomeApplied, RolledBack: true}},
		"No changes. It failed.\n":                                                              {Result: api.Result{Outcome: api.OutcomeFailed}},
		"No changes.\n":                                                                         {},
		"\n  Connections that ended or were touched:\n    - cid 1: x\n\nNo changes. Applied.\n": {Effects: api.Effects{Counts: api.Counts{Affected: 1}, List: []api.Effect{{CID: 1, Dropped: true, Reason: "x"}}}, Result: api.Result{Outcome: api.OutcomeApplied, Applied: true}},
	} {
		if got := show(t, p, false); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
