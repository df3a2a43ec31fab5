package reload

import (
	"encoding/json"
	"strings"
	"time"

	"natsd/internal/config"
)

// MarshalJSON gives the plan and result of the admin API.
func (r *Report) MarshalJSON() ([]byte, error) {
	out := reportJSON{
		Revision: r.Revision, Generation: r.Generation, Who: r.Request.Who, Why: r.Request.Why, Time: r.When.UTC(), DryRun: r.Request.DryRun, Mode: r.Request.Mode,
		From: stateJSON{r.From.Revision, r.From.Digest, nil}, To: stateJSON{r.To.Revision, r.To.Digest, r.To.Files},
		Verdict: r.Verdict, Changes: list(r.Changes), Omitted: r.Omitted, Summary: r.Summary,
		Predicted: newEffectsJSON(r.Predicted), Effects: newEffectsJSON(r.Effects), Warnings: list(r.Warnings), Errors: list(r.Problems), Joined: r.Joined,
		Result: resultJSON{Outcome: r.Result, Applied: r.moved(), Duration: float64(r.Duration.Microseconds()) / 1000, Pending: list(r.Pending)},
	}
	if out.Result.Applied {
		out.Result.Revision = &r.To.Revision
	}
	if out.Summary == nil {
		out.Summary = map[Verdict]int{}
	}
	return json.Marshal(out)
}

// moved tells that another configuration came into force.
func (r *Report) moved() bool {
	return !r.Request.DryRun && (r.Result == Applied || r.Result == Failed && r.To.Revision != 0)
}

type reportJSON struct {
	Revision   int             `json:"revision"`
	Generation uint64          `json:"generation"`
	Who        string          `json:"who"`
	Why        string          `json:"why,omitempty"`
	Time       time.Time       `json:"time"`
	DryRun     bool            `json:"dry_run"`
	Mode       Mode            `json:"mode"`
	Joined     int             `json:"joined,omitempty"`
	From       stateJSON       `json:"from"`
	To         stateJSON       `json:"to"`
	Verdict    Verdict         `json:"verdict"`
	Changes    []Field         `json:"changes"`
	Omitted    int             `json:"changes_omitted,omitempty"`
	Summary    map[Verdict]int `json:"summary"`
	Predicted  effectsJSON     `json:"predicted"`
	Effects    effectsJSON     `json:"effects"`
	Warnings   []Problem       `json:"warnings"`
	Errors     []Problem       `json:"errors"`
	Result     resultJSON      `json:"result"`
}

type stateJSON struct {
	Revision int      `json:"revision,omitempty"`
	Digest   string   `json:"digest"`
	Files    []string `json:"files,omitempty"`
}

type resultJSON struct {
	Outcome    Result   `json:"outcome"`
	Applied    bool     `json:"applied"`
	Revision   *int     `json:"revision"`
	Duration   float64  `json:"duration_ms"`
	RolledBack bool     `json:"rolled_back"`
	Pending    []string `json:"pending_restart"`
}

// list makes no list an empty one.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

type countsJSON struct {
	Affected int `json:"connections_affected"`
	Dropped  int `json:"connections_dropped"`
	Subs     int `json:"subscriptions_removed"`
}

type effectsJSON struct {
	countsJSON
	List []effectJSON `json:"connections,omitempty"`
}

type effectJSON struct {
	CID     uint64 `json:"cid"`
	Reason  string `json:"reason"`
	Dropped bool   `json:"dropped"`
	Subs    int    `json:"subscriptions_removed,omitempty"`
	Path    string `json:"path,omitempty"`
	User    string `json:"user,omitempty"`
	Account string `json:"account,omitempty"`
}

func newEffectsJSON(e Effects) effectsJSON {
	out := effectsJSON{countsJSON: countsJSON{e.Affected, e.Dropped, e.Subs}}
	for _, one := range e.List {
		out.List = append(out.List, effectJSON(one))
	}
	return out
}

// MarshalJSON gives one change of a plan of the admin API.
func (f Field) MarshalJSON() ([]byte, error) {
	out := fieldJSON{
		Pointer: f.Pointer, Path: f.Path, Op: f.Op, Old: f.Old, New: f.New, Content: f.Content, Verdict: f.Verdict, Reason: f.Reason,
		Component: f.Component, Effect: countsJSON{f.Affected, f.Dropped, f.Subs}, Source: newSourceJSON(f.Origin),
	}
	return json.Marshal(out)
}

type fieldJSON struct {
	Pointer   string      `json:"pointer"`
	Path      string      `json:"path"`
	Op        Op          `json:"op"`
	Old       any         `json:"old,omitempty"`
	New       any         `json:"new,omitempty"`
	Content   bool        `json:"content,omitempty"`
	Verdict   Verdict     `json:"verdict"`
	Reason    string      `json:"reason,omitempty"`
	Component string      `json:"component,omitempty"`
	Effect    countsJSON  `json:"effect"`
	Source    *sourceJSON `json:"source,omitempty"`
}

type sourceJSON struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Flag   string `json:"flag,omitempty"`
	Env    string `json:"env,omitempty"`
}

func newSourceJSON(o config.Origin) *sourceJSON {
	switch {
	case o.Layer == config.FromFlag:
		return &sourceJSON{Flag: o.Name}
	case o.Layer == config.FromEnv:
		return &sourceJSON{Env: o.Name}
	case o.Pos.File != "":
		return &sourceJSON{File: o.Pos.File, Line: o.Pos.Line, Column: o.Pos.Col}
	}
	return nil
}

// MarshalJSON gives one entry of errors[] of the admin API.
func (p Problem) MarshalJSON() ([]byte, error) {
	out := problemJSON{
		Code: p.Code, Message: p.Message, File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Col,
		Severity: "error", Hint: p.Hint, Component: p.Component,
	}
	if p.Warning {
		out.Severity = "warning"
	}
	if p.Key != "" {
		var f Field
		f.at(strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(p.Key), ".")...)
		out.Pointer = f.Pointer
	}
	return json.Marshal(out)
}

type problemJSON struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Pointer   string `json:"pointer,omitempty"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	Severity  string `json:"severity"`
	Hint      string `json:"hint,omitempty"`
	Component string `json:"component,omitempty"`
}
