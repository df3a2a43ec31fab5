package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/process"
)

// start loads the configuration and serves until the server has stopped. Warnings do not stop it.
func (p *program) start(ctx context.Context, src config.Source, strict bool) error {
	o, report := p.load(src)
	refused := takeRefusals(o, report, strict)
	if err := p.write(report); err != nil {
		return err
	}
	if refused || o == nil {
		return failure{exitFail}
	}
	if _, err := process.LimitMemory(o.MemoryLimit.Auto, o.MemoryLimit.Bytes); err != nil {
		fmt.Fprintf(p.err, "%s: %s\n", p.name, err) // service does not depend on it
	}
	srv, err := p.serve(o, src)
	if err != nil {
		return err
	}
	err = runServer(ctx, srv, process.NewNotifier())
	if err != nil && logsToStderr(o) {
		return failure{exitFail} // the log has told it there
	}
	return err
}

func logsToStderr(o *config.Options) bool {
	return o.Logging.File == "" && !o.Logging.Syslog && o.Logging.RemoteSyslog == ""
}

// test loads the configuration and says whether a server would take it.
func (p *program) test(src config.Source, strict bool) error {
	if src.Path == "" {
		return errors.New("must specify [-c, --config] option to check configuration file syntax")
	}
	o, report := p.load(src)
	if err := p.write(report); err != nil {
		return err
	}
	warnings, wrong := len(report.Warnings()), o == nil || len(report.Errors()) > 0
	switch {
	case wrong:
		return fmt.Errorf("configuration file %s is not valid", src.Path)
	case strict && warnings > 0:
		return fmt.Errorf("configuration file %s has warnings (--strict)", src.Path)
	}
	fmt.Fprintf(p.err, "%s: configuration file %s is valid (%s)\n", p.name, src.Path, o.Digest)
	return nil
}

// takeRefusals puts into the report, in place of the warnings about them, the keys without whose feature
// a start must not go on. It tells whether the start must stop, for these or for any other reason.
func takeRefusals(o *config.Options, report *config.Report, strict bool) bool {
	if o == nil {
		return true
	}
	refusals := o.Refusals()
	for _, r := range refusals {
		same := func(p syntax.Problem) bool { return p.Warning && p.Pos == r.Pos && p.Key == r.Key }
		if i := slices.IndexFunc(report.Problems, same); i >= 0 {
			report.Problems[i] = r
		} else {
			report.Problems = append(report.Problems, r)
		}
	}
	return len(report.Errors()) > 0 || (strict && len(report.Warnings()) > 0)
}

func (p *program) write(report *config.Report) error {
	if err := report.Write(p.err); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
