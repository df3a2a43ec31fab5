package report

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/reload"
)

func TestPlanOfAReport(t *testing.T) {
	t.Parallel()
	pos := config.Pos{File: "f", Line: 3, Col: 4}
	r := &reload.Report{
		Revision: 2, Generation: 2, Request: reload.Request{Who: "api", Why: "rotation", Mode: reload.Partial}, When: time.Unix(0, 0),
		Duration: 1500 * time.Microsecond, Result: reload.Applied, Verdict: reload.Restart,
		From: reload.State{Revision: 1, Digest: "sha256:a"}, To: reload.State{Revision: 2, Digest: "sha256:b", Files: []string{"f"}},
		Changes: []reload.Field{
			{
				Path: "port", Pointer: "/port", Old: 1, New: 2, Verdict: reload.Restart, Reason: "so", Component: "listeners",
				Origin: config.Origin{Layer: config.FromFile, Pos: pos},
			},
			{Path: "debug", Pointer: "/debug", Op: reload.Add, New: true, Dropped: 1, Affected: 2, Subs: 3, Origin: config.Origin{Layer: config.FromFlag, Name: "--debug"}},
			{Path: "trace", Pointer: "/trace", Op: reload.Remove, Origin: config.Origin{Layer: config.FromEnv, Name: "NATSD_TRACE"}},
		},
		Summary:  map[reload.Verdict]int{reload.Live: 2, reload.Restart: 1},
		Effects:  reload.Effects{Affected: 1, Dropped: 1, List: []reload.Effect{{CID: 4, Reason: "Kicked", Dropped: true, User: "u", Account: "$G"}}},
		Pending:  []string{"port"},
		Warnings: []reload.Problem{{Code: "warning", Problem: syntax.Problem{Pos: pos, Key: "a.b[0].c/d", Message: "m", Hint: "h", Warning: true}}},
	}
	got, err := json.Marshal(Plan(r))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"revision":2,"generation":2,"who":"api","why":"rotation","time":"1970-01-01T00:00:00Z","dry_run":false,"mode":"partial",` +
		`"from":{"revision":1,"digest":"sha256:a"},"to":{"revision":2,"digest":"sha256:b","files":["f"]},"verdict":"restart","changes":[` +
		`{"pointer":"/port","path":"port","op":"replace","old":1,"new":2,"verdict":"restart","reason":"so","component":"listeners","effect":{"connections_affected":0,"connections_dropped":0,"subscriptions_removed":0},"source":{"file":"f","line":3,"column":4}},` +
		`{"pointer":"/debug","path":"debug","op":"add","new":true,"verdict":"noop","effect":{"connections_affected":2,"connections_dropped":1,"subscriptions_removed":3},"source":{"flag":"--debug"}},` +
		`{"pointer":"/trace","path":"trace","op":"remove","verdict":"noop","effect":{"connections_affected":0,"connections_dropped":0,"subscriptions_removed":0},"source":{"env":"NATSD_TRACE"}}],` +
		`"summary":{"live":2,"restart":1},"predicted":{"connections_affected":0,"connections_dropped":0,"subscriptions_removed":0},` +
		`"effects":{"connections_affected":1,"connections_dropped":1,"subscriptions_removed":0,"connections":[{"cid":4,"reason":"Kicked","dropped":true,"user":"u","account":"$G"}]},` +
		`"warnings":[{"code":"warning","message":"m","pointer":"/a/b/0/c~1d","file":"f","line":3,"column":4,"severity":"warning","hint":"h"}],"errors":[],` +
		`"result":{"outcome":"applied","applied":true,"revision":2,"duration_ms":1.5,"rolled_back":false,"pending_restart":["port"]}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
