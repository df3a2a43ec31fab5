package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// errNoSource is the answer to the wish for a reload where there is nothing to read again.
var errNoSource = errors.New("can only reload config when a file is provided using -c or --config")

// errStopped is the answer to those who come too late.
var errStopped = errors.New("the server stops")

// Reload reads the configuration again and puts it into force, as a whole or not at all. Who says
// where the wish came from. The error says why nothing was changed.
func (s *Server) Reload(ctx context.Context, who string) error {
	_, err := s.ReloadReport(ctx, reload.Request{Who: who})
	return err
}

// ReloadReport is Reload for those who want to say more and to know more. It waits until the server has
// started. The report is nil if there is nothing to read again, or nobody any more to do it.
func (s *Server) ReloadReport(ctx context.Context, req reload.Request) (*reload.Report, error) {
	var began time.Time
	report, err := s.change(ctx, func() (*reload.Report, error) {
		began = time.Now()
		return s.reload.Reload(ctx, req)
	})
	if report != nil && report.Judged() {
		s.reloaded(began, req.Who, err)
	}
	return report, err
}

// Restore puts the configuration of a revision of the history into force again. The files stay as they
// are; the next reload reads them.
func (s *Server) Restore(ctx context.Context, revision int, req reload.Request) (*reload.Report, error) {
	return s.change(ctx, func() (*reload.Report, error) { return s.reload.Restore(ctx, revision, req) })
}

// ApplyText puts a text into force in place of what the configuration file holds. The text is written
// to the file as part of the same transaction if the running configuration has admin.write_config;
// otherwise the server differs from its file until the next reload.
func (s *Server) ApplyText(ctx context.Context, text string, req reload.Request) (*reload.Report, error) {
	load := func() (*config.Options, *config.Report) {
		src := s.origin()
		src.Name = req.Name
		next, report := config.LoadText(src, text)
		if next == nil || !s.Options().Admin.WriteConfig {
			return next, report
		}
		if req.Name != "" && !req.DryRun { // from now on it is what the configuration file holds
			src.Name = ""
			next, report = config.LoadText(src, text)
		}
		s.writing = next
		return next, report
	}
	return s.change(ctx, func() (*reload.Report, error) { return s.reload.ApplyLoaded(ctx, load, req) })
}

// change makes one attempt when the server is ready for it.
func (s *Server) change(ctx context.Context, attempt func() (*reload.Report, error)) (*reload.Report, error) {
	if s.source == nil || s.source.Path == "" {
		return nil, errNoSource
	}
	ended := s.tasks.Context().Done()
	select {
	case <-s.ready:
	case <-ended:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case <-ended:
		return nil, errStopped
	default:
	}
	return attempt()
}

// ReloadStatus tells how things stand with reloads.
func (s *Server) ReloadStatus() reload.Status { return s.reload.Status() }

// Reloads is what changes the configuration, with its history. Changing it goes by the methods of the
// server, which know when it is ready.
func (s *Server) Reloads() *reload.Manager { return s.reload }

// ObserveReloads adds somebody who is told of every attempt when it is over, dry runs included, in the
// order of the attempts. It must be called before Run; what is told must not take long and not ask for a
// reload.
func (s *Server) ObserveReloads(told func(*reload.Report)) { s.observers = append(s.observers, told) }

// attempted hears of every attempt.
func (s *Server) attempted(r *reload.Report) {
	s.logReload(r)
	if r.Moved() {
		s.tellCertificates(s.before, s.Options())
	}
	s.probe(r)
	for _, tell := range s.observers {
		tell(r)
	}
}

func (s *Server) load() (*config.Options, *config.Report) {
	if s.careful.Load() > 0 {
		return s.loadAtRest()
	}
	return config.Load(s.origin())
}

// origin is where the configuration comes from, with what need not be read again.
func (s *Server) origin() config.Source {
	var src config.Source
	if s.source != nil {
		src = *s.source
	}
	src.Last = s.Options()
	return src
}

// published is told of each configuration that comes into force.
func (s *Server) published(next *config.Options, generation uint64) {
	s.loaded.Store(next.LoadedAt.UnixNano())
	if generation != s.inForce.generation {
		s.before = s.inForce.options
	}
	s.inForce.options, s.inForce.generation = next, generation
	s.served(next)
}

func (s *Server) componentPanicked(component, phase string, value any, stack []byte) {
	s.logger.Error(fmt.Sprintf("Panic in %s while it reloads (%s): %v\n%s", component, phase, value, stack))
}

// shownEffects is how many connections the log names after one reload.
const shownEffects = 20

// logReload tells what an attempt has changed. A refusal is told by who asked for it.
func (s *Server) logReload(r *reload.Report) {
	s.Events().Publish(r.Brief())
	if r.Request.DryRun {
		return
	}
	if r.Result != reload.Applied && r.Result != reload.NoChange {
		s.refused.Store(true)
		return
	}
	mended := s.refused.Swap(false)
	for _, w := range r.Warnings {
		s.logger.Warn("Reload: " + w.Error())
	}
	for _, f := range r.Changes {
		if f.Verdict == reload.Live || f.Verdict == reload.Disruptive {
			s.logger.Info("Reloaded: " + f.String())
		}
	}
	for _, key := range r.Pending {
		s.logger.Warn("Reload: " + key + " needs a restart to take effect")
	}
	for i, e := range r.Effects.List {
		if i == shownEffects {
			s.logger.Info(fmt.Sprintf("Reload: %d more connections", len(r.Effects.List)-i))
			break
		}
		switch {
		case e.Dropped:
			s.logger.Info(fmt.Sprintf("Reload: closed connection cid:%d: %s", e.CID, e.Reason))
		case e.Subs > 0:
			s.logger.Info(fmt.Sprintf("Reload: connection cid:%d lost %d subscriptions", e.CID, e.Subs))
		}
	}
	switch {
	case r.Result == reload.NoChange && r.Request.Quiet && mended:
		s.logger.Info("The configuration file is in order again, nothing to change")
	case r.Result == reload.Applied || !r.Request.Quiet:
		s.logger.Info(fmt.Sprintf("Reloaded server configuration (%s)", s.Options().Digest))
	}
}
