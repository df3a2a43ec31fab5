package logging

import (
	"context"
	"log/slog"
	"slices"
)

// handler is the slog.Handler of a Log. It is immutable; With… return changed copies.
type handler struct {
	log    *Log
	gate   *gate
	module string
	scopes []scope // the first is the top level, each further one a group opened by WithGroup
}

// scope holds the attributes given at one group level.
type scope struct {
	group string
	attrs []slog.Attr
}

// Module returns a logger for one part of the server, whose level can be set by name, see
// [Config.Levels]. A logger that does not come from a [Log] gets an attribute instead.
func Module(l *slog.Logger, name string) *slog.Logger {
	h, ok := l.Handler().(*handler)
	if !ok {
		return l.With("module", name)
	}
	c := *h
	c.module, c.gate = name, h.log.gateOf(name)
	return slog.New(&c)
}

func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return h.gate.open(classOf(l)) }

func (h *handler) Handle(_ context.Context, rec slog.Record) error {
	if h.log.sampledOut(rec.Level) {
		return nil
	}
	attrs := make([]slog.Attr, 0, rec.NumAttrs())
	rec.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, s := range slices.Backward(h.scopes) {
		attrs = append(slices.Clip(s.attrs), attrs...)
		if s.group != "" {
			attrs = []slog.Attr{{Key: s.group, Value: slog.GroupValue(attrs...)}}
		}
	}
	h.log.emit(&entry{time: rec.Time, level: rec.Level, message: rec.Message, module: h.module, attrs: inline(settle(attrs))})
	return nil
}

// inline replaces groups without a name by their members.
func inline(attrs []slog.Attr) []slog.Attr {
	if !slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == "" && a.Value.Kind() == slog.KindGroup }) {
		return attrs
	}
	var out []slog.Attr
	for _, a := range attrs {
		if a.Key == "" && a.Value.Kind() == slog.KindGroup {
			out = append(out, inline(a.Value.Group())...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := *h
	c.scopes = slices.Clone(h.scopes)
	if len(c.scopes) == 0 {
		c.scopes = []scope{{}}
	}
	last := &c.scopes[len(c.scopes)-1]
	last.attrs = append(slices.Clip(last.attrs), attrs...)
	return &c
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.scopes = append(slices.Clip(h.scopes), scope{group: name})
	return &c
}
