package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"natsd/internal/admin/api"
	"natsd/internal/admin/report"
	"natsd/internal/reload"
)

// validate serves POST /config/validate.
func (a *API) validate(c *call) (any, error) {
	strict, called := c.bool("strict"), c.called()
	if err := c.valid(); err != nil {
		return nil, err
	}
	var body api.ValidateRequest
	if err := c.decodeOr(&body, &body.Text); err != nil {
		return nil, err
	}
	candidate, err := c.candidate("file", reload.Candidate{Text: body.Text, Path: body.Path, Name: called})
	if err != nil {
		return nil, err
	}
	o, found, _, err := a.Server.LoadCandidate(candidate)
	if err != nil {
		return nil, noCandidate(err)
	}
	lines := found.Source
	if body.Text == "" { // the line may hold what its reader may not know
		lines = nil
	}
	out := &api.Validation{Errors: report.Found(found.Errors(), lines), Warnings: report.Found(found.Warnings(), lines)}
	if o != nil {
		out.Digest = o.Digest
	}
	out.Valid = len(out.Errors) == 0 && (!strict || len(out.Warnings) == 0)
	if !out.Valid {
		p := api.Problemf(api.ConfigInvalid, "%d errors, %d warnings", len(out.Errors), len(out.Warnings))
		p.Title, p.Errors = "Configuration is invalid", slices.Concat(out.Errors, out.Warnings)
		return nil, p
	}
	return out, nil
}

// decodeOr reads a JSON body into v, or a configuration in the language of NATS into text.
func (c *call) decodeOr(v any, text *string) error {
	if !isConf(c.r.Header.Get("Content-Type")) {
		return c.decode(v)
	}
	body, _, err := c.raw(confType)
	*text = string(body)
	return err
}

// candidate names the configuration that a request is about. To read files and the environment of the
// server is for admins, and a text can do both: what is wrong with it, and how it differs from another, says
// what they hold.
func (c *call) candidate(name string, brought reload.Candidate) (reload.Candidate, error) {
	bringsOne := brought.Text != "" || brought.Path != ""
	switch {
	case bringsOne && c.who.role < admin:
		return reload.Candidate{}, api.Problemf(api.Forbidden, "%s may not bring a configuration or name a file: that needs the role %s", c.who, admin)
	case brought.Text != "":
		return reload.Candidate{Text: brought.Text, Name: brought.Name}, nil
	case bringsOne:
		return reload.Candidate{Path: brought.Path}, nil
	case name == "running":
		return reload.Candidate{Running: true}, nil
	case name == "file":
		return reload.Candidate{}, nil
	}
	n, err := strconv.Atoi(name)
	if err != nil || n <= 0 {
		return reload.Candidate{}, api.Problemf(api.InvalidParameter, `%q is not "running", "file" or the number of a revision`, name)
	}
	return reload.Candidate{Revision: n}, nil
}

// called is what the sender of a configuration calls it.
func (c *call) called() string {
	name := c.text(calledParam.name)
	if len(name) > longestName {
		c.wrong(calledParam.name, fmt.Sprintf("it has more than %d bytes", longestName))
	}
	return name
}

// calledParam is the name of a configuration that is sent.
var calledParam = param{name: "name", doc: "What the sender calls the text, such as the path of its file: places in it are shown under that. Nothing is read from there."}

// noCandidate says why there is no such configuration.
func noCandidate(err error) error {
	if gone, ok := errors.AsType[*reload.RevisionError](err); ok {
		return api.Problemf(api.NotFound, "%v", gone)
	}
	return api.Problemf(api.Conflict, "%v", err)
}

// diff serves POST /config/diff. From what is in force to a text or to the files it is a dry run, which
// tells whom the change would concern; but a dry run opens what the configuration names, which is not for
// those who only look.
func (a *API) diff(c *call) (any, error) {
	called := c.called()
	if err := c.valid(); err != nil {
		return nil, err
	}
	body := api.DiffRequest{From: "running", To: "file"}
	if err := c.decodeOr(&body, &body.Text); err != nil {
		return nil, err
	}
	from, err := c.candidate(body.From, reload.Candidate{})
	if err != nil {
		return nil, err
	}
	to, err := c.candidate(body.To, reload.Candidate{Text: body.Text, Path: body.Path, Name: called})
	if err != nil {
		return nil, err
	}
	if from.Running && to.Revision == 0 && to.Path == "" && !to.Running && c.who.role >= operator {
		req := reload.Request{Who: "api:" + c.who.String(), Name: to.Name, DryRun: true}
		return c.attempt(requestDeadline, func(ctx context.Context) (*reload.Report, error) {
			if to.Text != "" {
				return a.Server.ApplyText(ctx, to.Text, req)
			}
			return a.Server.ReloadReport(ctx, req)
		})
	}
	came, err := a.Server.Compare(from, to)
	switch {
	case err != nil:
		return nil, noCandidate(err)
	case came.Err() != nil:
		return nil, refusal(came)
	}
	return report.Plan(came), nil
}

// putConfig serves PUT /config: the body is a configuration, in the language of NATS or as JSON, which is
// a notation of it.
func (a *API) putConfig(c *call) (any, error) {
	called := c.called()
	req, wait, err := c.reloadQuery()
	if err != nil {
		return nil, err
	}
	req.Name = called
	if err := c.needMatch(); err != nil {
		return nil, err
	}
	text, _, err := c.raw(confType, jsonType)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return nil, api.Problemf(api.BadRequest, "the body is empty")
	}
	return c.attempt(wait, func(ctx context.Context) (*reload.Report, error) { return a.Server.ApplyText(ctx, string(text), req) })
}
