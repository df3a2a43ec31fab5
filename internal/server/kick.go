package server

import (
	"context"
	"time"

	"natsd/internal/ban"
	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/link/client"
	"natsd/internal/wire"
)

// Kick ends the connection with that id and reports whether there was one. Actor and reason are for
// those who hear of it; a client is told the reason too.
func (s *Server) Kick(id uint64, actor, reason string) bool {
	c := s.conns.Get(id)
	if c == nil {
		c = s.routeConns.Get(id)
	}
	if c == nil {
		return false
	}
	ended := false
	if session, ok := c.Session().(*client.Session); ok {
		ended = session.End(conn.Kicked, kickText(reason))
	} else {
		ended = c.Close(conn.Kicked)
	}
	if ended {
		s.Events().Publish(event.Kicked{Facts: c.Facts(), Actor: actor, Reason: reason})
	}
	return true
}

// kickText is what a client is told that is sent away. It begins as a message about permissions, the only
// one that client libraries show to their user and yet connect again after: any other that they do not
// know is the end for them.
func kickText(reason string) string {
	text := "Permissions Violation, kicked by an operator"
	if reason != "" {
		text += ": " + reason
	}
	return wire.PlainText(text)
}

// Warn tells a client that its connection is about to end, and reports whether it can understand that.
func (s *Server) Warn(id uint64) bool {
	c := s.conns.Get(id)
	if c == nil {
		return false
	}
	session, ok := c.Session().(*client.Session)
	return ok && session.LameDuck()
}

// Ping measures the round trip to a client. The error is client.ErrEnded when there is no such connection.
func (s *Server) Ping(ctx context.Context, id uint64) (time.Duration, error) {
	c := s.conns.Get(id)
	if c == nil {
		return 0, client.ErrEnded
	}
	session, ok := c.Session().(*client.Session)
	if !ok {
		return 0, client.ErrEnded
	}
	return session.Ping(ctx)
}

// Bans is who may not connect for a while.
func (s *Server) Bans() *ban.List { return s.bans }
