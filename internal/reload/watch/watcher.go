package watch

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"natsd/internal/task"
)

// Config is what a watcher works with.
type Config struct {
	// Files lists what to watch. It is called on the watcher's goroutine at the start and after each
	// load, good or bad.
	Files func() []File
	// Changed is called, one call at a time, when contents differ from those of the last load. It
	// loads, and returns why the contents were refused; they are not offered again until they change.
	// The context ends with the watcher's group.
	Changed func(ctx context.Context, c Change) error
	// Since is when the load of the running configuration began. A file that was changed later than
	// that, before the watcher was there, is told of as changed, unless Sum knows better.
	Since time.Time
	// Sum gives the SHA-256 of a file, by its absolute path, as the running configuration has read it;
	// ok is false for others. It is called on the watcher's goroutine. Nil knows none.
	Sum      func(path string) (sum [sha256.Size]byte, ok bool)
	Settings Settings
	PollOnly bool         // never ask the system for events
	Log      *slog.Logger // nil: silence
}

// Settings are what can change while the watcher runs.
type Settings struct {
	Enabled bool
	// Quiet is the silence after the last event before the files are looked at.
	Quiet time.Duration
	// Poll is the interval of looking where there are no events; 0 is never.
	Poll time.Duration
	// PausedUntil is when the watcher begins to watch again, by itself; zero or past: it does.
	PausedUntil time.Time
}

// on tells that the watcher watches.
func (s Settings) on(now time.Time) bool { return s.Enabled && !now.Before(s.PausedUntil) }

const (
	// maxWait is the longest time from the first event to the look, for writers who never rest.
	maxWait = 2 * time.Second
	// readGap lies between the two readings that must be equal.
	readGap = 50 * time.Millisecond
	// slowPoll is the interval of looking where there are events.
	slowPoll = time.Minute
	// minPoll keeps the watcher from doing nothing else.
	minPoll = 100 * time.Millisecond
	// stampError is how much earlier than the clock the time stamp of a change can be: the kernel
	// stamps with the time of its last tick.
	stampError = 20 * time.Millisecond
)

// Watcher watches files, see the package. Its methods may be called from any goroutine, also from
// within [Config.Changed], and do not wait.
type Watcher struct {
	cfg   Config
	log   *slog.Logger
	sys   system
	inbox *inbox

	// Owned by run.
	settings Settings
	watching bool // by the settings, as of the last time they were looked at
	files    []File
	loaded   marks    // what was loaded last, of the files it took
	taken    []File   // how it took them: by name or by pattern
	running  marks    // the same for the files of now: what needs no call
	refused  marks    // what was refused last; nil: nothing since
	last     *picture // the last one taken
	lookedAt time.Time

	mu    sync.Mutex // a leaf, guards state
	state State
}

// New returns a watcher that does nothing before [Watcher.Start].
func New(cfg Config) *Watcher {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	w := &Watcher{cfg: cfg, log: cfg.Log, inbox: newInbox(), settings: cfg.Settings, watching: cfg.Settings.on(time.Now())}
	w.state.Mode = Off
	w.state.set(cfg.Settings)
	return w
}

// Start begins to watch, in tasks of the group, and ends with its context. It must be called once.
func (w *Watcher) Start(tasks *task.Group) {
	if w.sys == nil {
		d := &disk{camera: newCamera()}
		if !w.cfg.PollOnly {
			d.listener = &listener{tasks: tasks, note: w.inbox.note, open: openFS}
		}
		w.sys = d
	}
	tasks.Go("watch", w.run)
}

// Set changes the settings. What changed while the watcher was off is found when it is on again.
func (w *Watcher) Set(s Settings) { w.inbox.set(s) }

// Loaded tells that somebody else has loaded the configuration, or has tried to, beginning at a time.
// What was told during a call of [Config.Changed] is dropped: the answer of that call counts.
func (w *Watcher) Loaded(began time.Time, err error) { w.inbox.tell(load{began: began, err: err}) }

// State returns the state of the moment. The caller owns it.
func (w *Watcher) State() State {
	b, set := w.inbox.pending(), w.inbox.wanted()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.state
	s.Files, s.Pending = slices.Clone(s.Files), slices.Clone(s.Pending)
	if set != nil { // who has set them wants to see them
		s.set(*set)
	}
	if !time.Now().Before(s.PausedUntil) {
		s.PausedUntil = time.Time{}
	}
	s.Settling = b.active() && s.Enabled && s.PausedUntil.IsZero()
	if b.last.After(s.LastEvent) {
		s.LastEvent = b.last
	}
	return s
}

// update changes the state.
func (w *Watcher) update(f func(*State)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.state)
}

// run is the watcher's life: it sleeps until there is something to do, and does it.
func (w *Watcher) run(ctx context.Context) {
	defer w.sys.deafen()
	w.adopt(load{began: w.cfg.Since}, nil)
	timer := time.NewTimer(w.pause())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.inbox.wake:
		case <-timer.C:
		}
		w.read()
		w.work(ctx)
		timer.Reset(w.pause())
	}
}

// read does what the mail asks for.
func (w *Watcher) read() {
	settings, loads := w.inbox.mail()
	changed := settings != nil && *settings != w.settings
	if changed {
		w.settings = *settings
		w.update(func(st *State) { st.set(w.settings) })
	}
	w.turn(changed)
	for _, l := range loads {
		w.adopt(l, nil)
	}
}

// turn turns the watcher on or off, by new settings or because a pause is over.
func (w *Watcher) turn(changed bool) {
	was := w.watching
	w.watching = w.settings.on(time.Now())
	switch {
	case !w.watching && (was || changed):
		w.inbox.take()
		w.look()
	case w.watching && !was:
		w.poll()
	case changed:
		w.look()
	}
}

// work looks when it is time to.
func (w *Watcher) work(ctx context.Context) {
	due, ok := w.due()
	if !ok || time.Now().Before(due) {
		return
	}
	if w.inbox.pending().active() {
		w.check(ctx)
	} else {
		w.poll()
	}
}

// due is when to look next, if ever.
func (w *Watcher) due() (time.Time, bool) {
	if !w.watching {
		return time.Time{}, false
	}
	if b := w.inbox.pending(); b.active() {
		due, last := b.last.Add(w.settings.Quiet), b.first.Add(w.patience())
		if last.Before(due) {
			due = last
		}
		return due, true
	}
	if w.settings.Poll <= 0 {
		return time.Time{}, false
	}
	every := max(w.settings.Poll, minPoll)
	if w.last.blind == "" {
		every = max(every, slowPoll)
	}
	return w.lookedAt.Add(every), true
}

// pause is the time until the next look.
func (w *Watcher) pause() time.Duration {
	due, ok := w.due()
	switch {
	case ok:
	case !w.watching && w.settings.Enabled:
		due = w.settings.PausedUntil
	default:
		return time.Hour
	}
	return max(0, time.Until(due))
}

// patience is how long a burst may last.
func (w *Watcher) patience() time.Duration { return max(maxWait, 2*w.settings.Quiet) }

// look takes a picture and makes it the last one.
func (w *Watcher) look() *picture {
	p := w.sys.look(w.files, w.watching)
	mode := Events
	switch {
	case !w.watching:
		mode = Off
	case p.blind != "" && w.settings.Poll > 0:
		mode = Polling
	}
	files := make([]FileState, 0, len(p.changed))
	for f := range p.changed {
		files = append(files, FileState{File: f, Fault: p.fault(f)})
	}
	for _, f := range w.files {
		if f.Glob {
			files = append(files, FileState{File: f})
		}
	}
	slices.SortFunc(files, func(a, b FileState) int { return compare(a.File, b.File) })
	var was string
	w.update(func(s *State) {
		was = s.Reason
		s.Mode, s.Reason, s.Files = mode, p.blind, files
		s.Pending = w.running.differing(p.marks)
	})
	switch {
	case p.blind != "" && was == "":
		w.log.Info("Watching files at intervals, since not every change makes an event", "reason", p.blind, "poll", w.settings.Poll)
	case p.blind == "" && was != "" && w.watching:
		w.log.Info("Watching files by events again")
	}
	w.last, w.lookedAt = p, time.Now()
	return p
}

// dealtWith tells that nothing has to be done about a picture: it shows what is running, or what was
// refused already.
func (w *Watcher) dealtWith(p *picture) bool {
	if w.running.same(p.marks) {
		w.refused = nil
		if w.State().LastError != "" {
			w.log.Info("The files of the configuration are as they were loaded again")
		}
		w.update(func(s *State) { s.LastError, s.LastErrorAt = "", time.Time{} })
		return true
	}
	return w.refused != nil && w.refused.same(p.marks)
}

// poll looks without having been told to.
func (w *Watcher) poll() {
	p := w.look()
	if w.dealtWith(p) {
		return
	}
	now := time.Now()
	w.inbox.restore(burst{first: now, last: now, seen: p.marks})
}

// check ends a burst: it looks, and calls when contents have changed and come to rest.
func (w *Watcher) check(ctx context.Context) {
	b := w.inbox.take()
	w.update(func(s *State) { s.LastEvent = b.last })
	if b.lost {
		w.log.Warn("Events of watched files were lost, looking at all of them")
		w.sys.deafen()
	}
	before := w.look()
	if w.dealtWith(before) {
		w.update(func(s *State) { s.Suppressed++ })
		return
	}
	gap := time.NewTimer(readGap)
	defer gap.Stop()
	select {
	case <-ctx.Done():
		return
	case <-gap.C:
	}
	p := w.look()
	now := time.Now()
	moving := !p.same(before) || w.inbox.pending().active() || (b.seen != nil && !b.seen.same(p.marks))
	if moving && now.Before(b.first.Add(w.patience())) {
		next := burst{first: b.first, last: now}
		if b.seen != nil {
			next.seen = p.marks
		}
		w.inbox.restore(next)
		return
	}
	if w.dealtWith(p) {
		w.update(func(s *State) { s.Suppressed++ })
		return
	}
	w.call(ctx, p, b)
}

// call tells of what a picture shows and takes the answer.
func (w *Watcher) call(ctx context.Context, p *picture, b burst) {
	began := time.Now()
	c := Change{Files: w.running.differing(p.marks), First: b.first}
	w.update(func(s *State) { s.LastChange = began; s.Changes++ })
	err := w.cfg.Changed(ctx, c)
	if ctx.Err() != nil {
		return
	}
	w.inbox.drop()
	if err != nil {
		w.update(func(s *State) { s.Refused++ })
	}
	w.adopt(load{began: began, err: err}, p)
}

// adopt takes note of a load: what is on disk now is what was loaded, or refused. Files that were changed
// after the load began may have been read before or after that: unless they are known to hold what was
// read they count as unknown, which leads to a call.
// Before is what was on disk when the watcher's own call began: for its files a look tells enough.
func (w *Watcher) adopt(l load, before *picture) {
	w.files = w.cfg.Files()
	p := w.look()
	then := make(marks, len(p.marks))
	for f, changed := range p.changed {
		if before != nil && before.shows(f) {
			continue
		}
		m, exists := p.marks[f]
		switch late := !l.began.IsZero() && changed.After(l.began.Add(-stampError)); {
		case late && (l.err != nil || !w.wasRead(f, m)):
			then[f] = mark{}
		case exists:
			then[f] = m
		}
	}
	if before != nil {
		maps.Copy(then, w.watched(before.marks, p))
	}
	if l.err == nil {
		w.loaded, w.taken, w.running, w.refused = then, w.files, then, nil
	} else {
		w.refuse(then, p)
	}
	w.update(func(s *State) {
		s.Pending = w.running.differing(p.marks)
		s.LastError, s.LastErrorAt = "", time.Time{}
		if l.err != nil {
			s.LastError, s.LastErrorAt = l.err.Error(), time.Now()
		}
	})
	if w.watching && !w.dealtWith(p) {
		w.inbox.note(false)
	}
}

// wasRead tells that the running configuration was made of just these contents of a file.
func (w *Watcher) wasRead(f File, m mark) bool {
	if w.cfg.Sum == nil || m.fault != "" {
		return false
	}
	sum, ok := w.cfg.Sum(f.Path)
	return ok && sum == m.sum
}

// watched gives the marks of files that are still watched: those of a picture, and those that would be
// on it if they were not gone.
func (w *Watcher) watched(of marks, p *picture) marks {
	out := make(marks, len(of))
	for f, m := range of {
		if p.shows(f) || f.among(w.files) {
			out[f] = m
		}
	}
	return out
}

// refuse takes note of refused contents. Files that only they take do not count as changed once the
// others are again what is running.
func (w *Watcher) refuse(tried marks, p *picture) {
	w.refused = tried
	w.running = w.watched(w.loaded, p)
	for f, m := range tried {
		if _, ok := w.loaded[f]; !ok && !f.among(w.taken) {
			w.running[f] = m
		}
	}
}
