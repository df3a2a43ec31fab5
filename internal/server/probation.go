package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// probationName is who asks for going back to the configuration before.
const probationName = "probation"

// How often a server on probation looks at its health, and how many bad looks in a row make it go back.
const (
	probeLook = 100 * time.Millisecond
	probeBad  = 3
)

// probation watches over a configuration that has just come into force.
type probation struct {
	mu    sync.Mutex // a leaf
	trial *trial     // nil: none
}

// trial is the probation of one revision.
type trial struct {
	reload.Probation
	before  *config.Options
	written bool          // the configuration on trial was written to the configuration file by the reload
	done    chan struct{} // closed when it is over, by whatever
}

// Probation returns the revision that is on probation, if there is one.
func (s *Server) Probation() (reload.Probation, bool) {
	p := &s.probation
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trial == nil {
		return reload.Probation{}, false
	}
	return p.trial.Probation, true
}

// ConfirmProbation ends the probation of a revision: it has served well enough.
func (s *Server) ConfirmProbation(revision int) error {
	p := &s.probation
	p.mu.Lock()
	t := p.trial
	p.mu.Unlock()
	if t == nil || t.Revision != revision || !p.end(t) {
		return fmt.Errorf("revision %d is not on probation", revision)
	}
	s.passed(revision, "was confirmed")
	return nil
}

// end ends a trial and tells whether it was still on.
func (p *probation) end(t *trial) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trial != t {
		return false
	}
	p.trial = nil
	close(t.done)
	return true
}

// begin puts t in the place of the trial that is on.
func (p *probation) begin(t *trial) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trial != nil {
		close(p.trial.done)
	}
	p.trial = t
}

// probe puts what has come into force on probation. What the server goes back to has had its own.
func (s *Server) probe(r *reload.Report) {
	if !r.Moved() {
		return
	}
	period := r.Request.Probation
	if period == 0 {
		period = s.Options().Admin.Probation
	}
	broken := r.Result == reload.Failed
	on := r.Request.RollbackOn
	if s.before == nil || r.Request.RollsBack != 0 || on == reload.RollbackNever || !broken && (on == reload.RollbackError || period <= 0) {
		s.probation.begin(nil)
		return
	}
	t := &trial{
		Probation: reload.Probation{Revision: r.To.Revision, Until: time.Now().Add(period)},
		before:    s.before, written: s.written == s.inForce.options, done: make(chan struct{}),
	}
	s.probation.begin(t)
	s.tasks.Go("probation", func(ctx context.Context) { s.try(ctx, t, broken) })
}

// try watches one trial to its end.
func (s *Server) try(ctx context.Context, t *trial, broken bool) {
	if broken {
		s.rollBack(ctx, t, "broke while it came into force")
		return
	}
	look := time.NewTicker(probeLook)
	defer look.Stop()
	over := time.NewTimer(time.Until(t.Until))
	defer over.Stop()
	for bad := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-t.done:
			return
		case <-over.C:
			if s.probation.end(t) {
				s.passed(t.Revision, "has served well")
			}
			return
		case <-look.C:
		}
		ill := s.NotReady()
		if len(ill) == 0 || s.ducking.Load() {
			bad = 0
		} else if bad++; bad == probeBad {
			s.rollBack(ctx, t, "does not serve: "+strings.Join(ill, ", "))
			return
		}
	}
}

// rollBack goes back to what was in force before the trial.
func (s *Server) rollBack(ctx context.Context, t *trial, why string) {
	if !s.probation.end(t) {
		return
	}
	why = fmt.Sprintf("revision %d %s", t.Revision, why)
	s.logger.Warn("Going back to the configuration before: " + why)
	load := func() (*config.Options, *config.Report) {
		if t.written && t.before.Archive != nil && s.hasServed(t.before.ConfigFile) { // else somebody has edited it since
			s.writing = t.before
		}
		return t.before, &config.Report{}
	}
	_, err := s.reload.ApplyLoaded(ctx, load, reload.Request{
		Who: probationName, Why: why, IfRevision: t.Revision, RollsBack: t.Revision, RollbackOn: reload.RollbackNever,
		AllowAuthRemoval: true, // it was so before
	})
	if err != nil {
		s.logger.Error("Failed to go back to the configuration before: " + err.Error())
	}
}

func (s *Server) passed(revision int, how string) {
	s.logger.Debug(fmt.Sprintf("Revision %d of the configuration %s: its probation is over", revision, how))
	s.Events().Publish(reload.Passed{Revision: revision})
}
