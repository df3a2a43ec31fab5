package server

import (
	"context"
	"time"

	"natsd/internal/config"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
)

// watcherName is who asks for the reloads that a changed file brings.
const watcherName = "watcher"

// startWatcher watches the files of the configuration, if there are any.
func (s *Server) startWatcher() {
	if s.source == nil || s.source.Path == "" {
		return
	}
	s.watcher = watch.New(watch.Config{
		Files:    func() []watch.File { return watch.Files(s.Options()) },
		Changed:  s.filesChanged,
		Since:    s.Options().LoadedAt,
		Settings: watchSettings(s.Options()),
		Log:      s.logger,
	})
	s.watcher.Start(s.tasks)
}

func watchSettings(o *config.Options) watch.Settings {
	return watch.Settings{Enabled: o.Watch.Enabled, Quiet: o.Watch.Quiet, Poll: o.Watch.Poll}
}

// filesChanged reloads because the watcher has seen files change. When nothing has changed in meaning,
// nobody needs to know.
func (s *Server) filesChanged(ctx context.Context, _ watch.Change) error {
	mode := reload.Strict
	if s.Options().Watch.Mode == reload.Partial.String() {
		mode = reload.Partial
	}
	_, err := s.ReloadReport(ctx, reload.Request{Who: watcherName, Why: "files changed", Mode: mode, Quiet: true})
	if err != nil {
		s.logger.Error("Failed to reload server configuration: " + err.Error())
	}
	return err
}

// reloaded tells the watcher of a reload that somebody else has asked for.
func (s *Server) reloaded(began time.Time, who string, err error) {
	if s.watcher != nil && who != watcherName {
		s.watcher.Loaded(began, err)
	}
}

// watchChange puts the settings of the watcher into force.
type watchChange struct {
	reload.Base
	s    *Server
	next *config.Options
}

func (s *Server) planWatch(old, next *config.Options) (reload.Change, error) {
	if s.watcher == nil || watchSettings(old) == watchSettings(next) {
		return nil, nil
	}
	return &watchChange{s: s, next: next}, nil
}

func (c *watchChange) Commit() { c.s.watcher.Set(watchSettings(c.next)) }
