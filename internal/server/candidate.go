package server

import (
	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/reload"
)

// LoadCandidate reads and checks a configuration as a reload would, with the flags and the environment of
// the server. Nothing changes. Options is nil when the report has errors; the revision is 0 when the
// candidate has none. The error says that there is no such candidate.
func (s *Server) LoadCandidate(c reload.Candidate) (*config.Options, *config.Report, int, error) {
	none := &config.Report{Source: func(config.Pos) string { return "" }}
	src := s.origin()
	switch {
	case c.Running:
		return s.Options(), none, s.reload.Status().Revision, nil
	case c.Revision != 0:
		r, err := s.reload.Revision(c.Revision)
		if err != nil {
			return nil, none, 0, err
		}
		o, err := r.Options()
		return o, none, c.Revision, err
	case c.Path != "":
		src.Path = c.Path
	case c.Text != "":
		src.Name = c.Name
		o, report := config.LoadText(src, c.Text)
		return o, report, 0, nil
	case src.Path == "":
		return nil, none, 0, errNoSource
	}
	o, report := config.Load(src)
	return o, report, 0, nil
}

// Compare tells how one configuration differs from another, as a dry run would, but for what a reload does
// to connections. What is wrong with the candidates is in the report.
func (s *Server) Compare(from, to reload.Candidate) (*reload.Report, error) {
	var both [2]*config.Options
	var revisions [2]int
	var problems []reload.Problem
	for i, c := range []reload.Candidate{from, to} {
		o, found, revision, err := s.LoadCandidate(c)
		if err != nil {
			return nil, err
		}
		both[i], revisions[i] = o, revision
		problems = append(problems, invalid(found.Errors())...)
	}
	if len(problems) > 0 {
		return &reload.Report{Request: reload.Request{DryRun: true}, Result: reload.Refused, Problems: problems}, nil
	}
	return reload.Compare(both[0], both[1], revisions[0], revisions[1]), nil
}

func invalid(found []syntax.Problem) []reload.Problem {
	out := make([]reload.Problem, 0, len(found))
	for _, p := range found {
		out = append(out, reload.Problem{Code: reload.CodeInvalid, Problem: p})
	}
	return out
}
