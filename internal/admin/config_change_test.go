package admin_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"natsd/internal/admin/api"
)

const confType = "text/x-nats-conf"

func TestValidate(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	post := func(query string, body any, media string) answer {
		return n.ask(http.MethodPost, "/config/validate"+query, body, "Content-Type", media)
	}
	var v api.Validation
	n.want(post("", nil, ""), http.StatusOK, &v)
	if !v.Valid || v.Digest != n.Options().Digest {
		t.Errorf("%+v", v)
	}
	n.want(post("", "port: 4333\nping_interval: 5m\n", confType), http.StatusOK, &v)
	if !v.Valid || len(v.Warnings) != 1 {
		t.Errorf("%+v", v)
	}
	n.problem(post("?strict", "port: 4333\nping_interval: 5m\n", confType), api.ConfigInvalid)
	p := n.problem(post("", "prot: 4333\nmax_payload: lots\n", confType), api.ConfigInvalid)
	if len(p.Errors) != 2 || p.Errors[0].Hint != `did you mean "port"?` || p.Errors[0].Line != 1 || p.Errors[1].Line != 2 || p.Errors[1].Snippet == "" {
		t.Errorf("%+v", p.Errors)
	}
	n.want(post("", `{"text":"port: 4333"}`, "application/json"), http.StatusOK, nil)
	n.want(post("", fmt.Sprintf(`{"path":%q}`, n.Conf), "application/json"), http.StatusOK, nil)
	if n.Options().Limits.MaxPayload != 1000 {
		t.Error("something came into force")
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	diff := func(body any) answer { return n.ask(http.MethodPost, "/config/diff", body) }
	var plan api.Plan
	n.want(diff(nil), http.StatusOK, &plan)
	if plan.Verdict != api.VerdictNoop {
		t.Errorf("%+v", plan)
	}
	n.want(diff(api.DiffRequest{Text: strings.Replace(aliceConf, "1000", "2000", 1)}), http.StatusOK, &plan)
	if len(plan.Changes) != 1 || plan.PlanID == "" || !plan.DryRun {
		t.Errorf("%+v", plan)
	}
	n.Write(strings.Replace(aliceConf, "1000", "3000", 1))
	n.want(n.ask(http.MethodPost, "/reload", nil), http.StatusOK, nil)
	n.want(diff(api.DiffRequest{From: "1", To: "2"}), http.StatusOK, &plan)
	if len(plan.Changes) != 1 || plan.Changes[0].New != 3000.0 || plan.From.Revision != 1 || plan.To.Revision != 2 {
		t.Errorf("%+v", plan)
	}
	n.problem(diff(api.DiffRequest{From: "1", To: "9"}), api.NotFound)
	n.problem(diff(api.DiffRequest{From: "yesterday"}), api.InvalidParameter)
	n.problem(n.ask(http.MethodPost, "/config/diff", "max_payload: [", "Content-Type", confType), api.ConfigInvalid)
}

// What is sent goes by the name that its sender has for it; the server never looks there.
func TestSentTextHasAName(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	const name = "?name=conf.d/mine.conf"
	var plan api.Plan
	n.want(n.ask(http.MethodPost, "/config/diff"+name, api.DiffRequest{Text: strings.Replace(aliceConf, "1000", "2000", 1)}), http.StatusOK, &plan)
	if at := plan.Changes[0].Source; at == nil || at.File != "conf.d/mine.conf" || at.Line != 2 {
		t.Errorf("%+v", at)
	}
	tag := n.ask(http.MethodGet, "/config", nil).Header.Get("ETag")
	for _, a := range []answer{
		n.ask(http.MethodPost, "/config/diff"+name, "prot: 1\n", "Content-Type", confType),
		n.ask(http.MethodPost, "/config/validate"+name, "prot: 1\n", "Content-Type", confType),
		n.ask(http.MethodPut, "/config"+name, "prot: 1\n", "Content-Type", confType, "If-Match", tag),
	} {
		if p := n.problem(a, api.ConfigInvalid); p.Errors[0].File != "conf.d/mine.conf" || strings.Contains(p.Detail, "natsd.conf") {
			t.Errorf("%s: %+v", a.Request.URL, p.Errors)
		}
	}
	n.problem(n.ask(http.MethodPost, "/config/validate?name="+strings.Repeat("x", 5000), "port: 1\n", "Content-Type", confType), api.InvalidParameter)

	// In force, but not in the file: it keeps its name, and can be patched.
	put := n.ask(http.MethodPut, "/config"+name, strings.Replace(aliceConf, "1000", "2000", 1), "Content-Type", confType, "If-Match", tag)
	n.want(put, http.StatusOK, nil)
	var cfg api.Config
	a := n.ask(http.MethodGet, "/config", nil)
	n.want(a, http.StatusOK, &cfg)
	if at := cfg.Sources["/max_payload"]; at.File != "conf.d/mine.conf" {
		t.Errorf("%+v", at)
	}
	patch := n.ask(http.MethodPatch, "/config", `{"max_payload": 3000}`, "Content-Type", "application/json", "If-Match", a.Header.Get("ETag"))
	n.want(patch, http.StatusOK, nil)
	if n.Options().Limits.MaxPayload != 3000 {
		t.Error(n.Options().Limits.MaxPayload)
	}
}

func TestPlanIsKeptOrRefused(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	var plan api.Plan
	n.Write(strings.Replace(aliceConf, "1000", "2000", 1))
	n.want(n.ask(http.MethodPost, "/reload?dry_run", nil), http.StatusOK, &plan)
	n.Write(strings.Replace(aliceConf, "1000", "3000", 1))
	n.problem(n.ask(http.MethodPost, "/reload?plan_id="+plan.PlanID, nil), api.PreconditionFailed)
	n.Write(strings.Replace(aliceConf, "1000", "2000", 1))
	n.want(n.ask(http.MethodPost, "/reload?plan_id="+plan.PlanID, nil), http.StatusOK, &plan)
	if n.Options().Limits.MaxPayload != 2000 {
		t.Errorf("%+v", plan)
	}
}

func TestPutConfig(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	put := func(body string, headers ...string) answer {
		return n.ask(http.MethodPut, "/config", body, append([]string{"Content-Type", confType}, headers...)...)
	}
	changed := strings.Replace(aliceConf, "1000", "2000", 1)
	n.problem(put(changed), api.PreconditionRequired)
	n.problem(put(changed, "If-Match", `"sha256:other"`), api.PreconditionFailed)
	tag := n.ask(http.MethodGet, "/config", nil).Header.Get("ETag")
	n.problem(put("max_payload: [", "If-Match", tag), api.ConfigInvalid)
	n.want(put(changed, "If-Match", tag), http.StatusOK, nil)
	var st api.Reload
	n.want(n.ask(http.MethodGet, "/reload", nil), http.StatusOK, &st)
	onDisk, err := os.ReadFile(n.Conf)
	if n.Options().Limits.MaxPayload != 2000 || st.Drift == nil || st.Drift.Changes != 1 || err != nil || string(onDisk) != aliceConf {
		t.Errorf("%+v %v\n%s", st.Drift, err, onDisk)
	}
	n.problem(put(changed, "If-Match", tag), api.PreconditionFailed)
	n.want(n.ask(http.MethodPost, "/reload", nil), http.StatusOK, nil) // the file wins again
	n.want(n.ask(http.MethodGet, "/reload", nil), http.StatusOK, &st)
	if n.Options().Limits.MaxPayload != 1000 || st.Drift != nil {
		t.Errorf("%+v", st.Drift)
	}
}

func TestConfigView(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	var cfg api.Config
	a := n.ask(http.MethodGet, "/config", nil)
	n.want(a, http.StatusOK, &cfg)
	if cfg.Config["max_payload"] != 1000.0 || cfg.Sources["/max_payload"].Line != 2 || cfg.Sources["/host"].Env != "NATSD_HOST" || strings.Contains(string(a.body), "canary") {
		t.Errorf("%s", a.body)
	}
	if again := n.ask(http.MethodGet, "/config", nil, "If-None-Match", a.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("status %d", again.StatusCode)
	}
	n.want(n.ask(http.MethodGet, "/config?view=file", nil), http.StatusOK, &cfg)
	if _, ok := cfg.Config["host"]; ok || cfg.Config["max_payload"] != 1000.0 {
		t.Errorf("%v", cfg.Config)
	}
	n.want(n.ask(http.MethodGet, "/config?view=defaults", nil), http.StatusOK, &cfg)
	if cfg.Config["max_control_line"] != 4096.0 {
		t.Errorf("%v", cfg.Config["max_control_line"])
	}
	text := n.ask(http.MethodGet, "/config?format=conf", nil)
	n.want(n.ask(http.MethodPost, "/config/validate", string(text.body), "Content-Type", confType), http.StatusOK, nil)
	n.problem(n.ask(http.MethodGet, "/config?view=all", nil), api.InvalidParameter)
}

func TestWatcherAndProbation(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	var w api.Watcher
	on, until := true, time.Now().Add(time.Hour).UTC()
	n.want(n.ask(http.MethodPut, "/reload/watcher", api.SetWatcher{Enabled: &on, PauseUntil: &until}), http.StatusOK, &w)
	if !w.Enabled || w.PausedUntil == nil || !w.PausedUntil.Equal(until) {
		t.Errorf("%+v", w)
	}
	off, never := false, time.Time{}
	n.want(n.ask(http.MethodPut, "/reload/watcher?dry_run", api.SetWatcher{Enabled: &off, PauseUntil: &never}), http.StatusOK, &w)
	if w.Enabled || w.PausedUntil != nil || !w.DryRun {
		t.Errorf("%+v", w)
	}
	n.want(n.ask(http.MethodPut, "/reload/watcher", api.SetWatcher{Enabled: &on}), http.StatusOK, &w)
	if !w.Enabled || w.PausedUntil == nil { // neither the dry run nor what was left out has ended the pause
		t.Errorf("%+v", w)
	}
	n.problem(n.ask(http.MethodPost, "/config/probation/confirm?rev=2", nil), api.Conflict)
	n.problem(n.ask(http.MethodPost, "/config/probation/confirm?rev=2&dry_run", nil), api.Conflict)
	n.Write(strings.Replace(aliceConf, "1000", "2000", 1))
	n.want(n.ask(http.MethodPost, "/reload?probation=1h", nil), http.StatusOK, nil)
	var st api.Reload
	n.want(n.ask(http.MethodGet, "/reload", nil), http.StatusOK, &st)
	if st.Probation == nil || st.Probation.Revision != 2 {
		t.Fatalf("%+v", st)
	}
	n.want(n.ask(http.MethodPost, "/config/probation/confirm?dry_run", api.ConfirmRequest{Revision: 2}), http.StatusOK, nil)
	n.want(n.ask(http.MethodPost, "/config/probation/confirm", api.ConfirmRequest{Revision: 2}), http.StatusNoContent, nil)
	n.want(n.ask(http.MethodGet, "/reload", nil), http.StatusOK, &st)
	if st.Probation != nil {
		t.Errorf("%+v", st.Probation)
	}
}

// Of changes that were made from the same configuration one comes into force, whoever has to wait for whom.
func TestChangesOfTheSameConfiguration(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	both := func(ask func(i int) answer) (done int) {
		var all sync.WaitGroup
		var answers [2]answer
		for i := range answers {
			all.Go(func() { answers[i] = ask(i) })
		}
		all.Wait()
		for _, a := range answers {
			if a.StatusCode == http.StatusOK {
				done++
			} else {
				n.problem(a, api.PreconditionFailed)
			}
		}
		return done
	}
	for round := range 10 {
		tag := n.ask(http.MethodGet, "/config", nil).Header.Get("ETag")
		done := both(func(i int) answer {
			text := strings.Replace(aliceConf, "1000", fmt.Sprint(2000+2*round+i), 1)
			return n.ask(http.MethodPut, "/config?wait=20s", text, "Content-Type", confType, "If-Match", tag)
		})
		if done != 1 {
			t.Fatalf("%d changes of one configuration are done", done)
		}
		keys := [2]string{"max_control_line", "max_connections"}
		done = both(func(i int) answer {
			return n.ask(http.MethodPatch, "/config?wait=20s", map[string]int{keys[i]: 5000 + round}, "If-Match", "*")
		})
		limits := n.Options().Limits
		set := 0
		for _, v := range []int{limits.MaxControlLine, limits.MaxConnections} {
			if v == 5000+round {
				set++
			}
		}
		if set != done {
			t.Fatalf("%d changes were answered by 200, %d are in force", done, set)
		}
	}
}

// What is wrong with the file of the server is told without the line: a misspelt key may stand before a
// secret.
func TestLinesOfTheFileAreNotShown(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	n.Write("authorization { token: x, pasword: canary-value }\n")
	for _, secret := range []string{"s-vic", "s-ada"} {
		a := n.ask(http.MethodPost, "/config/validate", nil, "Authorization", "Bearer "+secret)
		if n.problem(a, api.ConfigInvalid); strings.Contains(string(a.body), "canary-value") {
			t.Errorf("%s", a.body)
		}
	}
}
