package logging

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// entry is one record on its way to a line. Its attributes are settled and nobody changes them.
type entry struct {
	time    time.Time // zero: the line shows none
	level   slog.Level
	message string
	module  string
	attrs   []slog.Attr
}

// encoder writes entries in one form. It is immutable.
type encoder struct {
	format string
	pid    string
	time   bool
	utc    bool
	color  bool
	bare   bool // for syslog, which adds time, process and severity itself
}

func newEncoder(cfg *Config, pid int) (*encoder, error) {
	e := &encoder{format: cfg.Format, pid: strconv.Itoa(pid), time: cfg.Time, utc: cfg.UTC}
	switch cfg.Format {
	case "":
		e.format = formatClassic
	case formatClassic, formatJSON, formatLogfmt:
	default:
		return nil, fmt.Errorf("log_format %q: want classic, json or logfmt", cfg.Format)
	}
	return e, nil
}

// Values of Config.Format.
const (
	formatClassic = "classic"
	formatJSON    = "json"
	formatLogfmt  = "logfmt"
)

// append appends the line of r, line feed included, and tells where in buf its body begins: the part
// that is the same for two records that differ in time only.
func (e *encoder) append(buf []byte, r *entry) (line []byte, body int) {
	stamp := r.time
	if !e.time {
		stamp = time.Time{}
	} else if e.utc && !stamp.IsZero() {
		stamp = stamp.UTC()
	}
	switch e.format {
	case formatJSON:
		return e.appendJSON(buf, stamp, r)
	case formatLogfmt:
		return e.appendLogfmt(buf, stamp, r)
	default:
		return e.appendClassic(buf, stamp, r)
	}
}

func (e *encoder) appendClassic(buf []byte, stamp time.Time, r *entry) (line []byte, body int) {
	if !e.bare {
		buf = append(buf, '[')
		buf = append(buf, e.pid...)
		buf = append(buf, "] "...)
		if !stamp.IsZero() {
			buf = stamp.AppendFormat(buf, "2006/01/02 15:04:05.000000 ")
		}
	}
	body = len(buf)
	if !e.bare {
		buf = e.appendLabel(buf, classOf(r.level))
	}
	for _, a := range r.attrs {
		if a.Key == clientKey {
			buf = appendClient(buf, a.Value)
			buf = append(buf, " - "...)
		}
	}
	buf = appendEscaped(buf, r.message)
	for _, a := range r.attrs {
		if a.Key != clientKey {
			buf = appendAttr(buf, "", a)
		}
	}
	return append(buf, '\n'), body
}

var labelColors = [...]string{"33", "36", "32", "0;93", "31", "31"}

func (e *encoder) appendLabel(buf []byte, c class) []byte {
	buf = append(buf, '[')
	if e.color {
		buf = append(buf, "\x1b["+labelColors[c]+"m"+labels[c]+"\x1b[0m"...)
	} else {
		buf = append(buf, labels[c]...)
	}
	return append(buf, "] "...)
}

// clientKey is the attribute that says which connection a record is about.
const clientKey = "client"

// appendClient appends `127.0.0.1:4222 - cid:5 - "v1.2:go:orders"`: of a group, the first member as it
// is, further texts in quotes, everything else with its name.
func appendClient(buf []byte, v slog.Value) []byte {
	if v.Kind() != slog.KindGroup {
		return appendEscaped(buf, text(v))
	}
	for i, a := range v.Group() {
		if i > 0 {
			buf = append(buf, " - "...)
		}
		switch {
		case i == 0:
			buf = appendWord(buf, text(a.Value))
		case a.Value.Kind() == slog.KindString:
			buf = strconv.AppendQuote(buf, a.Value.String())
		default:
			buf = appendEscaped(buf, a.Key)
			buf = append(buf, ':')
			buf = appendWord(buf, text(a.Value))
		}
	}
	return buf
}

func appendAttr(buf []byte, prefix string, a slog.Attr) []byte {
	key := prefix + a.Key
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			key += "."
		}
		for _, member := range a.Value.Group() {
			buf = appendAttr(buf, key, member)
		}
		return buf
	}
	buf = append(buf, ' ')
	buf = appendWord(buf, key)
	buf = append(buf, '=')
	return appendWord(buf, text(a.Value))
}

// stampLayout is the time of the structured forms.
const stampLayout = "2006-01-02T15:04:05.000000Z07:00"

// appendLogfmt does not use slog's text handler, which leaves some control bytes as they are.
func (e *encoder) appendLogfmt(buf []byte, stamp time.Time, r *entry) (line []byte, body int) {
	if !e.bare && !stamp.IsZero() {
		buf = append(buf, "time="...)
		buf = stamp.AppendFormat(buf, stampLayout)
		buf = append(buf, ' ')
	}
	body = len(buf)
	buf = append(buf, "level="...)
	buf = append(buf, names[classOf(r.level)]...)
	buf = append(buf, " msg="...)
	buf = appendWord(buf, r.message)
	if r.module != "" {
		buf = append(buf, " module="...)
		buf = appendWord(buf, r.module)
	}
	for _, a := range r.attrs {
		buf = appendAttr(buf, "", a)
	}
	return append(buf, '\n'), body
}

func (e *encoder) appendJSON(buf []byte, stamp time.Time, r *entry) (line []byte, body int) {
	if e.bare {
		stamp = time.Time{}
	}
	var w bytes.Buffer
	h := slog.NewJSONHandler(&w, &slog.HandlerOptions{Level: slog.Level(-1 << 15), ReplaceAttr: rename})
	rec := slog.NewRecord(stamp, r.level, r.message, 0)
	if r.module != "" {
		rec.AddAttrs(slog.String("module", r.module))
	}
	rec.AddAttrs(r.attrs...)
	// A write to a bytes.Buffer does not fail and the values are settled.
	_ = h.Handle(context.Background(), rec)
	text := w.Bytes()
	prefix := max(0, bytes.Index(text, []byte(`"level":`)))
	buf = append(buf, text[:prefix]...)
	return appendJSONEscaped(buf, text[prefix:]), len(buf)
}

// rename gives slog's own attributes the form that all lines share: six levels, microseconds.
func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		if l, ok := a.Value.Any().(slog.Level); ok {
			return slog.String(a.Key, names[classOf(l)])
		}
	case slog.TimeKey:
		if a.Value.Kind() == slog.KindTime {
			return slog.String(a.Key, a.Value.Time().Format(stampLayout))
		}
	}
	return a
}
