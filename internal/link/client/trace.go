package client

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/logging"
	"natsd/internal/status"
	"natsd/internal/wire"
)

// maxLoggedName bounds what a client can add to every line that is about it.
const maxLoggedName = 128

// who is how log lines call the connection.
func (s *Session) who() slog.Attr {
	f := s.conn.Facts()
	attrs := []any{slog.String("addr", f.Remote.String()), slog.Uint64("cid", s.conn.ID)}
	if name := application(f); name != "" {
		attrs = append(attrs, slog.String("name", name))
	}
	return slog.Group("client", attrs...)
}

// application is what the client says of itself: "v1.48.0:go:orders".
func application(f *status.Facts) string {
	parts := make([]string, 0, 3)
	if f.Version != "" {
		parts = append(parts, "v"+f.Version)
	}
	for _, part := range []string{f.Lang, f.Name} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	name := strings.Join(parts, ":")
	return name[:min(len(name), maxLoggedName)]
}

func (s *Session) logAt(l slog.Level, text string, attrs ...slog.Attr) {
	s.logTo(s.link.log, l, text, attrs...)
}

func (s *Session) logTo(log *slog.Logger, l slog.Level, text string, attrs ...slog.Attr) {
	if log.Enabled(context.Background(), l) {
		log.LogAttrs(context.Background(), l, text, append(attrs, s.who())...)
	}
}

func (s *Session) debug(text string) {
	if s.link.tracer.DebugOn() {
		s.logAt(slog.LevelDebug, text)
	}
}

func (s *Session) warn(text string)  { s.logAt(slog.LevelWarn, text) }
func (s *Session) error(text string) { s.logAt(slog.LevelError, text) }

// refuse tells the client and the log what cannot be done.
func (s *Session) refuse(b *broker.Batch, text string) {
	s.sendErr(b, text)
	s.error(text)
}

// violation refuses an operation for want of permission: the client reads text, the log tells who
// wanted what.
func (s *Session) violation(b *broker.Batch, what, detail, text string) {
	s.sendErr(b, text)
	user := ""
	if g := s.grant.Load(); g != nil && g.User != "" {
		user = fmt.Sprintf(" - User %q", g.User)
	}
	s.error(what + user + ", " + detail)
}

func (s *Session) closedLog(why conn.Reason) {
	if why == conn.SlowConsumerWriteDeadline {
		s.slowLog(fmt.Sprintf("WriteDeadline of %v exceeded", s.link.Settings().Conn.WriteDeadline))
	}
	s.debug("Client connection closed: " + why.String())
}

// slowLog tells of a client that was given up because it does not read.
func (s *Session) slowLog(limit string, attrs ...slog.Attr) {
	f := s.conn.Facts()
	if f.User != "" {
		attrs = append(attrs, slog.String("user", f.User))
	}
	attrs = append(attrs, slog.String("account", f.Account))
	s.logAt(slog.LevelWarn, "Slow Consumer Detected: "+limit, attrs...)
}

// traceIn logs an operation of the client.
func (s *Session) traceIn(op wire.Op) {
	a := &s.dec.Args
	switch op {
	case wire.Connect:
		s.trace("<<- [CONNECT " + redact(a.Text) + "]")
	case wire.Info:
		s.trace(fmt.Sprintf("<<- [INFO %s]", a.Text))
	case wire.Pub:
		verb := "PUB"
		if a.HeaderLen >= 0 {
			verb = "HPUB"
		}
		s.trace(fmt.Sprintf("<<- [%s %s]", verb, a.Line))
		s.tracePayload("<<- ", a.Body, a.HeaderLen)
	case wire.Sub:
		s.trace(fmt.Sprintf("<<- [SUB %s]", a.Line))
	case wire.Unsub:
		s.trace(fmt.Sprintf("<<- [UNSUB %s]", a.Line))
	case wire.Ping:
		s.trace("<<- [PING]")
	case wire.Pong:
		s.trace("<<- [PONG]")
	}
}

// traceOut logs a line that is sent to the client. +OK and -ERR are written as nats-server does.
func (s *Session) traceOut(line string) {
	line = strings.TrimRight(line, " \r\n")
	if text, ok := strings.CutPrefix(line, "-ERR '"); ok {
		line = "-ERR " + strings.TrimSuffix(text, "'")
	}
	s.trace("->> [" + strings.TrimPrefix(line, "+") + "]")
}

// traceRemoved logs that a subscription has ended.
func (s *Session) traceRemoved(sub *broker.Sub) {
	if s.link.tracer.TraceOn() {
		s.trace("<-> [DELSUB " + sub.SID + "]")
	}
}

// traceDelivery logs messages that are sent to the client.
func (s *Session) traceDelivery(sub *broker.Sub, r *broker.Run, msgs []broker.Msg) {
	headers := s.headers.Load()
	for i := range msgs {
		cut := 0
		if msgs[i].HeaderLen > 0 && !headers {
			cut = msgs[i].HeaderLen
		}
		s.traceOut(string(appendLine(nil, sub, r.Subject, &msgs[i], cut)))
	}
}

// tracePayload logs a body as far as the options allow: its header only, or a number of bytes.
func (s *Session) tracePayload(arrow string, body []byte, header int) {
	o := s.link.Settings().Options
	if o.Logging.TraceHeaders {
		if header <= 0 {
			return
		}
		body = body[:header]
	}
	if most := o.Limits.MaxTracedMsgLen; most > 0 && len(body) > most {
		s.trace(fmt.Sprintf("%sMSG_PAYLOAD: [%q]", arrow, string(body[:most])+"..."))
		return
	}
	s.trace(fmt.Sprintf("%sMSG_PAYLOAD: [%q]", arrow, body))
}

func (s *Session) trace(text string) { s.logAt(logging.LevelTrace, text) }
