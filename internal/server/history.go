package server

import (
	"context"
	"fmt"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// openHistory opens the folder for past configurations, if there is to be one.
func openHistory(o *config.Options) (*reload.Folder, error) {
	if o.Admin.HistoryDir == "" {
		return nil, nil
	}
	return reload.OpenFolder(o.Admin.HistoryDir)
}

func (s *Server) historyFault(err error) {
	s.logger.Error(fmt.Sprintf("Error reading past configurations: %v", err))
}

// historyChange moves the history to another folder.
type historyChange struct {
	reload.Base
	s      *Server
	next   *config.Options
	folder *reload.Folder
}

func (s *Server) planHistory(old, next *config.Options) (reload.Change, error) {
	if old.Admin.HistoryDir == next.Admin.HistoryDir && old.Admin.HistoryKeep == next.Admin.HistoryKeep {
		return nil, nil
	}
	return &historyChange{s: s, next: next}, nil
}

func (c *historyChange) Prepare(context.Context) (err error) {
	c.folder, err = openHistory(c.next)
	return err
}

func (c *historyChange) Abort() {
	if c.folder != nil {
		_ = c.folder.Discard() // it is empty
	}
}

func (c *historyChange) Commit() { c.s.reload.KeepHistory(c.folder, c.next.Admin.HistoryKeep) }

func (c *historyChange) Settle(context.Context) ([]reload.Effect, error) {
	return nil, c.s.reload.SaveHistory()
}
