package logging

import (
	"log/slog"
	"maps"
)

// Levels says which lines a log takes.
type Levels struct {
	Least        slog.Level // of modules without a level of their own
	Debug, Trace bool       // lines of these levels too
	// Modules sets the lowest level of modules by name, whatever the other fields say.
	Modules map[string]slog.Level
	// Sample lets one in so many debug and trace lines pass; 0 and 1 are all of them.
	Sample int
}

func (v *Levels) base() uint32 {
	bits := passAbove(v.Least)
	if v.Debug {
		bits |= 1 << classDebug
	}
	if v.Trace {
		bits |= 1 << classTrace
	}
	return bits
}

// bits are the classes that a module logs.
func (v *Levels) bits(module string) uint32 {
	if level, ok := v.Modules[module]; ok {
		return passAbove(level)
	}
	return v.base()
}

// levels are those of a configuration.
func (c *Config) levels() Levels { return Levels{Debug: c.Debug, Trace: c.Trace, Modules: c.Levels} }

// Levels returns which lines the log takes.
func (l *Log) Levels() Levels {
	v := l.sink.Load().levels
	v.Modules = maps.Clone(v.Modules)
	return v
}

// SetLevels changes which lines the log takes, until the next call or [Log.Swap]. Form and destination
// stay.
func (l *Log) SetLevels(v Levels) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v.Modules = maps.Clone(v.Modules)
	old := l.sink.Load()
	l.applyLocked(&Sink{log: l, enc: old.enc, shared: old.shared, levels: v})
}

// applyLocked makes s the current sink, with its levels.
func (l *Log) applyLocked(s *Sink) (old *Sink) {
	old = l.sink.Swap(s)
	base := s.levels.base()
	all := base
	for name := range s.levels.Modules {
		all |= s.levels.bits(name)
	}
	l.base.bits.Store(base)
	for name, g := range l.modules {
		g.bits.Store(s.levels.bits(name))
	}
	l.any.bits.Store(all)
	return old
}

// sampled tells whether a line is one of those that a sample leaves out.
func (l *Log) sampledOut(level slog.Level) bool {
	if level >= slog.LevelInfo {
		return false
	}
	n := l.sink.Load().levels.Sample
	return n > 1 && l.samples.Add(1)%uint64(n) != 0
}
