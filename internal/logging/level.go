package logging

import (
	"log/slog"
	"sync/atomic"
)

// Levels beside those of slog. Fatal is only a label: it ends nothing.
const (
	LevelTrace = slog.Level(-8)
	LevelFatal = slog.Level(12)
)

// class is one of the six labels of a log line, in rising order.
type class uint8

const (
	classTrace class = iota
	classDebug
	classInfo
	classWarn
	classError
	classFatal
)

// classOf rounds a level down to its class.
func classOf(l slog.Level) class {
	switch {
	case l < slog.LevelDebug:
		return classTrace
	case l < slog.LevelInfo:
		return classDebug
	case l < slog.LevelWarn:
		return classInfo
	case l < slog.LevelError:
		return classWarn
	case l < LevelFatal:
		return classError
	default:
		return classFatal
	}
}

var (
	labels = [...]string{"TRC", "DBG", "INF", "WRN", "ERR", "FTL"}
	names  = [...]string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}
)

// gate holds the classes that pass, one bit each, so that debug and trace are switched separately.
type gate struct{ bits atomic.Uint32 }

func (g *gate) open(c class) bool { return g.bits.Load()&(1<<c) != 0 }

// passAbove lets pass all classes from the one of l on; fatal always passes.
func passAbove(l slog.Level) uint32 {
	var bits uint32
	for c := classOf(l); c <= classFatal; c++ {
		bits |= 1 << c
	}
	return bits
}
