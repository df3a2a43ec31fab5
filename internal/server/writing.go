package server

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"natsd/internal/config"
	"natsd/internal/process"
	"natsd/internal/reload"
)

// fileChange writes the configuration that comes into force to the configuration file.
type fileChange struct {
	reload.Base
	s      *Server
	next   *config.Options
	path   string
	text   string
	staged *process.Staged
}

// planFile is concerned when the configuration was given as a text that is to be kept.
func (s *Server) planFile(_, next *config.Options) (reload.Change, error) {
	given := s.writing
	s.writing = nil
	if given == nil || given != next {
		return nil, nil
	}
	return &fileChange{s: s, next: next, path: next.ConfigFile, text: next.Archive.Text().Reveal()}, nil
}

// Prepare writes a file beside the target: a folder that refuses is found before anything changes. A link
// stays one.
func (c *fileChange) Prepare(context.Context) error {
	mode := fs.FileMode(0o600) // it may hold passwords
	path, err := filepath.EvalSymlinks(c.path)
	if err != nil {
		return fmt.Errorf("write the configuration file: %w", err)
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if c.staged, err = process.Stage(path, []byte(c.text), mode); err != nil {
		return fmt.Errorf("write the configuration file: %w", err)
	}
	return nil
}

func (c *fileChange) Abort() {
	if c.staged != nil {
		_ = c.staged.Discard() // a temporary file that nobody knows
	}
}

// Settle makes the file visible. The configuration is in force by then: a failure leaves the old file,
// whole, and a warning.
func (c *fileChange) Settle(context.Context) ([]reload.Effect, error) {
	if err := c.staged.Commit(); err != nil {
		_ = c.staged.Discard()
		return nil, fmt.Errorf("the configuration is in force but could not be written to the configuration file: %w", err)
	}
	c.s.written = c.next
	return nil, nil
}
