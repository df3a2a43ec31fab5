package logging

import (
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Line is one line of the log, for those who read along. It is immutable.
type Line struct {
	Time    time.Time
	Level   slog.Level
	Module  string
	Message string
	Attrs   []slog.Attr // settled: their values are of slog's own kinds, or json.RawMessage
	Text    string      // in the classic form, without time and process
	CID     uint64      // of the connection it is about; 0 if it is about none
}

// LevelName is the name of a level, "WARN".
func LevelName(l slog.Level) string { return names[classOf(l)] }

// Follower gets the lines that the log writes, as far as it takes them in time.
type Follower struct {
	log   *Log
	bound int
	wants func(*Line) bool
	ready chan struct{}

	mu      sync.Mutex // a leaf
	waiting []*Line
	dropped uint64
}

// Follow lets somebody read along from now on, until [Follower.Close]. Wants chooses lines; it is called
// where the line is written and must be quick. At most bound lines wait for Take; what comes then is
// dropped and counted: the log waits for nobody.
func (l *Log) Follow(bound int, wants func(*Line) bool) *Follower {
	f := &Follower{log: l, bound: bound, wants: wants, ready: make(chan struct{}, 1)}
	l.follow(func(all []*Follower) []*Follower { return append(all, f) })
	return f
}

// follow replaces the list of followers, which is immutable.
func (l *Log) follow(edit func([]*Follower) []*Follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*Follower
	if p := l.followers.Load(); p != nil {
		all = slices.Clone(*p)
	}
	all = edit(all)
	l.followers.Store(&all)
}

// Close ends the following.
func (f *Follower) Close() {
	f.log.follow(func(all []*Follower) []*Follower {
		return slices.DeleteFunc(all, func(x *Follower) bool { return x == f })
	})
}

// Ready yields a value when there is something to take.
func (f *Follower) Ready() <-chan struct{} { return f.ready }

// Take returns the lines that have come since the last call, and how many were dropped after the last
// one of them.
func (f *Follower) Take() (lines []*Line, dropped uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines, dropped = f.waiting, f.dropped
	f.waiting, f.dropped = nil, 0
	return lines, dropped
}

func (f *Follower) add(line *Line) {
	if !f.wants(line) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) >= f.bound {
		f.dropped++
	} else {
		f.waiting = append(f.waiting, line)
	}
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// lineForm is how followers see a line.
var lineForm = encoder{format: formatClassic, bare: true}

// tellFollowers shows an entry to those who read along.
func (l *Log) tellFollowers(e *entry) {
	all := l.followers.Load()
	if all == nil || len(*all) == 0 {
		return
	}
	text, _ := lineForm.append(nil, e)
	line := &Line{Time: e.time, Level: e.level, Module: e.module, Message: e.message, Attrs: e.attrs, Text: string(text[:len(text)-1]), CID: cidOf(e.attrs)}
	for _, f := range *all {
		f.add(line)
	}
}

// cidOf finds the connection that an entry is about.
func cidOf(attrs []slog.Attr) uint64 {
	for _, a := range attrs {
		switch {
		case a.Key == "cid" && a.Value.Kind() == slog.KindUint64:
			return a.Value.Uint64()
		case a.Key == clientKey && a.Value.Kind() == slog.KindGroup:
			return cidOf(a.Value.Group())
		}
	}
	return 0
}
