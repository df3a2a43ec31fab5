package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"natsd/internal/config"
	"natsd/internal/reload"
	"natsd/internal/staged"
)

// fileChange writes the configuration that comes into force to the configuration file.
type fileChange struct {
	reload.Base
	s      *Server
	next   *config.Options
	path   string
	text   string
	staged *staged.File
	kept   bool // it belongs to whom the old file belongs
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

// errEdited says that somebody has changed the file meanwhile, whose work must not get lost.
var errEdited = errors.New("the configuration file holds a change that has not been in force yet: reload it first, or take it back")

// errNotKept is a warning: others may be kept from the file by that.
var errNotKept = errors.New("the configuration file was written, but could not be given to its former owner and group: it belongs to the server now")

// Prepare writes a file beside the target: a folder that refuses is found before anything changes. The
// file stays what it was: a link, somebody's.
func (c *fileChange) Prepare(context.Context) error {
	if !c.s.hasServed(c.path) {
		return errEdited
	}
	var err error
	if c.staged, c.kept, err = staged.Over(c.path, []byte(c.text)); err != nil {
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
	if !c.kept {
		return nil, errNotKept
	}
	return nil, nil
}

// mostServed is how many texts of the configuration file are remembered.
const mostServed = 64

// served remembers the text of a configuration that has come into force.
func (s *Server) served(o *config.Options) {
	sum := sha256.Sum256([]byte(o.Archive.Text().Reveal()))
	if slices.Contains(s.texts, sum) {
		return
	}
	if len(s.texts) == mostServed {
		s.texts = slices.Delete(s.texts, 0, 1)
	}
	s.texts = append(s.texts, sum)
}

// hasServed tells that what a file holds has been in force, so that it can be replaced: the history has
// it. A file that is gone holds nothing.
func (s *Server) hasServed(path string) bool {
	text, err := os.ReadFile(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && slices.Contains(s.texts, sha256.Sum256(text))
}
