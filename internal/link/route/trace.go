package route

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/logging"
	"natsd/internal/wire"
)

// who is how log lines call the connection.
func (s *Session) who() slog.Attr {
	f := s.conn.Facts()
	return slog.Group("client", slog.String("addr", f.Remote.String()), slog.Uint64("rid", s.conn.ID))
}

func (s *Session) logAt(l slog.Level, text string) {
	if s.link.Log.Enabled(context.Background(), l) {
		s.link.Log.LogAttrs(context.Background(), l, text, s.who())
	}
}

func (s *Session) debug(text string) {
	if s.link.Tracer.DebugOn() {
		s.logAt(slog.LevelDebug, text)
	}
}

func (s *Session) error(text string) { s.logAt(slog.LevelError, text) }

// refuse tells the other side and the log why the connection ends.
func (s *Session) refuse(b *broker.Batch, text string) {
	s.send(b, wire.AppendErr(nil, text))
	s.error(text)
}

func (s *Session) closedLog(why conn.Reason) {
	level, text := slog.LevelInfo, "Router connection closed: "+why.String()
	if !s.up.Load() {
		level = slog.LevelDebug
	}
	if i := s.remote.Load(); i != nil {
		text += " - Remote: " + i.ServerName
	}
	s.logAt(level, text)
}

// traceIn logs an operation of the other side that is not a message.
func (s *Session) traceIn(op wire.Op) {
	a := &s.dec.Args
	verb := map[wire.Op]string{
		wire.PeerSub: "RS+", wire.PeerUnsub: "RS-", wire.Ping: "PING", wire.Pong: "PONG", wire.Info: "INFO",
		wire.Err: "-ERR", wire.OK: "OK",
	}[op]
	switch op {
	case wire.PeerSub, wire.PeerUnsub:
		if len(a.Origin) > 0 {
			verb = "L" + verb[1:]
		}
		s.trace(fmt.Sprintf("<<- [%s %s]", verb, a.Line))
	case wire.Info, wire.Err:
		s.trace(fmt.Sprintf("<<- [%s %s]", verb, a.Text))
	case wire.Connect: // it holds a password
		s.trace("<<- [CONNECT]")
	case wire.Ping, wire.Pong, wire.OK:
		s.trace("<<- [" + verb + "]")
	}
}

// traceMsg logs the message that was decoded last.
func (s *Session) traceMsg() {
	a := &s.dec.Args
	verb := "RMSG"
	switch {
	case len(a.Origin) > 0:
		verb = "LMSG"
	case a.HeaderLen > 0:
		verb = "HMSG"
	}
	s.trace(fmt.Sprintf("<<- [%s %s]", verb, a.Line))
	body := a.Body
	o := s.set.Options
	if o.Logging.TraceHeaders {
		if a.HeaderLen <= 0 {
			return
		}
		body = body[:a.HeaderLen]
	}
	if most := o.Limits.MaxTracedMsgLen; most > 0 && len(body) > most {
		s.trace(fmt.Sprintf("<<- MSG_PAYLOAD: [%q]", string(body[:most])+"..."))
		return
	}
	s.trace(fmt.Sprintf("<<- MSG_PAYLOAD: [%q]", body))
}

// traceForward logs messages that are sent to the other side.
func (s *Session) traceForward(n *lane, r *broker.Run, c *broker.Copy) {
	for i := range r.Msgs {
		if c.Wants(i) {
			cut := 0
			if r.Msgs[i].HeaderLen > 0 && !s.headers {
				cut = r.Msgs[i].HeaderLen
			}
			s.traceOut(n.appendLine(nil, r, c, i, cut))
		}
	}
}

// traceOut logs a line that is sent to the other side.
func (s *Session) traceOut(line []byte) {
	text := strings.TrimRight(string(line), " \r\n")
	switch {
	case strings.HasPrefix(text, "CONNECT "):
		text = "CONNECT" // it holds a password
	case strings.HasPrefix(text, "-ERR '"):
		text = "-ERR " + strings.TrimSuffix(strings.TrimPrefix(text, "-ERR '"), "'")
	}
	s.trace("->> [" + text + "]")
}

func (s *Session) trace(text string) { s.logAt(logging.LevelTrace, text) }
