package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"natsd/internal/config"
	"natsd/internal/event"
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
	s.watching.configured = watchSettings(s.Options())
	s.watcher = watch.New(watch.Config{
		Files:    func() []watch.File { return watch.Files(s.Options()) },
		Changed:  s.filesChanged,
		Since:    s.Options().LoadedAt,
		Sum:      func(path string) ([sha256.Size]byte, bool) { return s.Options().Archive.Sum(path) },
		Settings: s.watching.configured,
		Log:      s.logger,
	})
	s.watcher.Start(s.tasks)
}

// watching is what operators want of the watcher beside the configuration.
type watching struct {
	mu          sync.Mutex // held while the watcher is told, so that the last word is the last one it hears
	configured  watch.Settings
	enabled     *bool // in place of what the configuration says; nil: as it says
	pausedUntil time.Time
}

// settings are those of the configuration and what operators want, together.
func (w *watching) settings() watch.Settings {
	out := w.configured
	if w.enabled != nil {
		out.Enabled = *w.enabled
	}
	out.PausedUntil = w.pausedUntil
	return out
}

// ErrNoWatcher says that there are no files to watch, or that the server is not ready yet.
var ErrNoWatcher = errors.New("there is no watcher: the server has no configuration file, or has not started yet")

// SetWatcher switches the watcher on or off, whatever watch.enabled says, until that key changes or the
// server starts anew. A pause ends by itself; what changed during it is found then. The zero time ends a pause
// at once. What is nil stays as it is.
func (s *Server) SetWatcher(enabled *bool, pauseUntil *time.Time) error {
	if !s.isReady() || s.watcher == nil {
		return ErrNoWatcher
	}
	w := &s.watching
	w.mu.Lock()
	defer w.mu.Unlock()
	if enabled != nil {
		w.enabled = enabled
	}
	if pauseUntil != nil {
		w.pausedUntil = *pauseUntil
	}
	s.watcher.Set(w.settings())
	return nil
}

// WatcherState tells what the watcher watches and has seen. It is the zero State when there is no watcher.
func (s *Server) WatcherState() watch.State {
	if !s.isReady() || s.watcher == nil {
		return watch.State{Mode: watch.Off}
	}
	return s.watcher.State()
}

func (s *Server) isReady() bool {
	select {
	case <-s.ready:
		return true
	default:
		return false
	}
}

func watchSettings(o *config.Options) watch.Settings {
	return watch.Settings{Enabled: o.Watch.Enabled, Quiet: o.Watch.Quiet, Poll: o.Watch.Poll}
}

// filesChanged reloads because the watcher has seen files change. When nothing has changed in meaning,
// nobody needs to know.
func (s *Server) filesChanged(ctx context.Context, change watch.Change) error {
	mode := reload.Strict
	if s.Options().Watch.Mode == reload.Partial.String() {
		mode = reload.Partial
	}
	s.careful.Add(1)
	defer s.careful.Add(-1)
	_, err := s.ReloadReport(ctx, reload.Request{Who: watcherName, Why: "files changed", Mode: mode, Quiet: true})
	files := event.Files{}
	for _, f := range change.Files {
		files.Paths = append(files.Paths, f.Path)
	}
	if err != nil {
		s.logger.Error("Failed to reload server configuration: " + err.Error())
		files.Err = err.Error()
	}
	s.Events().Publish(files)
	return err
}

// While the watcher asks, files that are being written are not taken for what they will be. It has seen
// them at rest, but not in the moment in which they are read: that may be later, after another reload.
const (
	leastRest  = 10 * time.Millisecond // since the last write to a file; watch.quiet if that is between the two
	mostRest   = 500 * time.Millisecond
	restLook   = 10 * time.Millisecond
	mostUnrest = 2 * time.Second // then they are taken as they are
)

// loadAtRest reads the configuration, again and again while somebody writes to its files.
func (s *Server) loadAtRest() (*config.Options, *config.Report) {
	rest := min(max(s.Options().Watch.Quiet, leastRest), mostRest)
	look := time.NewTicker(restLook)
	defer look.Stop()
	for until := time.Now().Add(mostUnrest); ; <-look.C {
		next, report := config.Load(s.origin())
		files := s.Options().Archive
		if next != nil {
			files = next.Archive
		}
		if atRest(files, rest) || time.Now().After(until) {
			return next, report
		}
	}
}

// atRest tells that nothing has been written to the files for that time. A file from the future, as a
// file server with another clock makes it, counts as old.
func atRest(files *config.Archive, rest time.Duration) bool {
	if files == nil {
		return true
	}
	now := time.Now()
	return !slices.ContainsFunc(files.Files(), func(f config.ArchivedFile) bool {
		info, err := os.Stat(f.Path)
		if err != nil {
			return false
		}
		age := now.Sub(info.ModTime())
		return age < rest && age > -rest
	})
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

func (c *watchChange) Commit() {
	w := &c.s.watching
	w.mu.Lock()
	defer w.mu.Unlock()
	next := watchSettings(c.next)
	if next.Enabled != w.configured.Enabled {
		w.enabled = nil
	}
	w.configured = next
	c.s.watcher.Set(w.settings())
}
