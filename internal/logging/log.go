package logging

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/task"
)

// Config says what is logged, in which form and where to. The first destination that is set wins:
// File, RemoteSyslog, Syslog, Stderr.
type Config struct {
	Format    string // "classic" (also when empty), "json" or "logfmt"
	Time, UTC bool   // show the time of each line, in UTC instead of local time
	Color     bool   // coloured labels; for standard error only

	Debug, Trace bool
	// Levels sets the lowest level of modules by name, whatever Debug and Trace say.
	Levels map[string]slog.Level

	File      string
	SizeLimit int64         // bytes after which the file is rotated; 0 is never
	MaxFiles  int           // files kept, the current one included; 0 keeps all
	MaxAge    time.Duration // backups older than this are removed; 0 keeps all
	Compress  bool          // gzip backups

	Syslog       bool
	RemoteSyslog string // udp://host:port, tcp://host:port or unix:///path

	Stderr io.Writer // os.Stderr when nil
}

// destination is the part of a Config that says where lines go. Two configurations that agree in it
// share one output.
type destination struct {
	file      string
	sizeLimit int64
	maxFiles  int
	maxAge    time.Duration
	compress  bool
	utc       bool // names of backups
	remote    string
	syslog    bool
}

func (c *Config) destination() destination {
	switch {
	case c.File != "":
		return destination{file: c.File, sizeLimit: c.SizeLimit, maxFiles: c.MaxFiles, maxAge: c.MaxAge, compress: c.Compress, utc: c.UTC}
	case c.RemoteSyslog != "":
		return destination{remote: c.RemoteSyslog}
	case c.Syslog:
		return destination{syslog: true}
	default:
		return destination{}
	}
}

// Counters are totals since the log was opened.
type Counters struct {
	Written    uint64 // lines written
	Dropped    uint64 // lines lost because the output could not take them
	Suppressed uint64 // repeated lines that were counted instead of written
	Rotated    uint64 // files
	Failing    bool   // the output does not take lines at the moment
}

type counters struct {
	written, dropped, suppressed, rotated atomic.Uint64
	failing                               atomic.Bool
}

// Log is an open log. All methods may be called concurrently.
type Log struct {
	stderr   io.Writer
	pid      int
	counters counters
	repeats  *repeats
	tasks    *task.Group

	sink      atomic.Pointer[Sink]
	followers atomic.Pointer[[]*Follower]
	samples   atomic.Uint64 // lines that were looked at for a sample

	any  gate // what any module wants
	base gate // modules without a level of their own

	mu      sync.Mutex // guards modules and the reference counts of outputs; a leaf but for gates
	modules map[string]*gate
}

// Sink is a destination with a form and levels, opened from one Config.
type Sink struct {
	log    *Log
	levels Levels
	enc    *encoder
	shared *sharedOutput
	once   sync.Once
	err    error // of Close
}

// sharedOutput is an output and the number of sinks that use it, guarded by Log.mu.
type sharedOutput struct {
	output
	at   destination
	refs int
}

// Open opens the destination of cfg. On an error nothing has been changed.
func Open(cfg Config) (*Log, error) {
	l := &Log{
		stderr:  cfg.Stderr,
		pid:     os.Getpid(),
		repeats: newRepeats(),
		tasks:   task.New(context.Background(), nil),
		modules: make(map[string]*gate),
	}
	if l.stderr == nil {
		l.stderr = os.Stderr
	}
	s, err := l.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	l.Swap(s)
	l.tasks.Go("log repeats", func(ctx context.Context) { l.repeats.run(ctx, l.emitNow) })
	return l, nil
}

// Prepare opens what cfg asks for, without any effect on the log as it is. The sink is then given to
// [Log.Swap], or discarded. A destination that does not change is shared with the current sink, not
// opened again. Stderr of cfg is not looked at: it is the one given to Open.
func (l *Log) Prepare(cfg Config) (*Sink, error) {
	enc, err := newEncoder(&cfg, l.pid)
	if err != nil {
		return nil, err
	}
	at := cfg.destination()
	enc.color = cfg.Color && at == (destination{})
	enc.bare = at.syslog || at.remote != ""
	cfg.Levels = maps.Clone(cfg.Levels)
	s := &Sink{log: l, levels: cfg.levels(), enc: enc}
	if l.share(s, at) {
		return s, nil
	}
	out, err := l.openOutput(at)
	if err != nil {
		return nil, err
	}
	s.shared = &sharedOutput{output: out, at: at, refs: 1}
	return s, nil
}

// share gives s the output of the current sink if that goes to the same place.
func (l *Log) share(s *Sink, at destination) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	current := l.sink.Load()
	if current == nil || current.shared.at != at || current.shared.refs == 0 {
		return false
	}
	s.shared = current.shared
	s.shared.refs++
	return true
}

func (l *Log) openOutput(at destination) (output, error) {
	switch {
	case at.file != "":
		return openFile(at, l.stderr, &l.counters)
	case at.remote != "":
		return openRemoteSyslog(at.remote, l.stderr, &l.counters)
	case at.syslog:
		return openLocalSyslog(l.stderr, &l.counters)
	default:
		return &stream{w: l.stderr}, nil
	}
}

// Swap makes s the current sink, levels included, and returns the previous one for the caller to
// close. Lines that are being written meanwhile go to one or the other; none is lost.
func (l *Log) Swap(s *Sink) (old *Sink) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old = l.applyLocked(s)
	if old == nil || old.shared != s.shared {
		l.counters.failing.Store(false)
	}
	return old
}

// gateOf returns the gate of a module, which follows every Swap.
func (l *Log) gateOf(module string) *gate {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.modules[module]
	if g == nil {
		g = new(gate)
		g.bits.Store(l.sink.Load().levels.bits(module))
		l.modules[module] = g
	}
	return g
}

// Close releases the sink. Its output is closed when no other sink shares it.
func (s *Sink) Close() error { return s.release(false) }

// Discard closes a sink that was never given to Swap; a file that Prepare had to create is removed.
func (s *Sink) Discard() error { return s.release(true) }

func (s *Sink) release(discard bool) error {
	s.once.Do(func() {
		s.log.mu.Lock()
		s.shared.refs--
		last := s.shared.refs == 0
		s.log.mu.Unlock()
		if last {
			s.err = s.shared.close(discard)
		}
	})
	return s.err
}

// Logger returns a logger that follows every Swap.
func (l *Log) Logger() *slog.Logger { return slog.New(&handler{log: l, gate: &l.base}) }

// DebugOn tells, by one atomic load, whether any module logs at debug level.
func (l *Log) DebugOn() bool { return l.any.open(classDebug) }

// TraceOn tells, by one atomic load, whether any module logs at trace level.
func (l *Log) TraceOn() bool { return l.any.open(classTrace) }

// Reopen opens the log file anew, after it was moved by somebody else. On an error the open file
// stays in use. It is [ErrNotFile] when the log goes elsewhere.
func (l *Log) Reopen() error { return l.sink.Load().shared.reopen() }

// Counters returns the totals so far.
func (l *Log) Counters() Counters {
	c := &l.counters
	return Counters{
		Written: c.written.Load(), Dropped: c.dropped.Load(), Suppressed: c.suppressed.Load(),
		Rotated: c.rotated.Load(), Failing: c.failing.Load(),
	}
}

// Close tells what was held back, closes the sink and waits for everything the log runs. Records
// that come later are dropped.
func (l *Log) Close() error {
	l.tasks.Stop()
	l.tasks.Wait()
	held, _ := l.repeats.due(true)
	for _, e := range held {
		l.emitNow(e)
	}
	return l.sink.Load().Close()
}

// emit writes one entry unless it is one repetition too many.
func (l *Log) emit(e *entry) {
	if n := l.deliver(e, true); n.text != "" {
		l.emitNow(&entry{time: time.Now(), level: n.level, message: n.text, attrs: n.attrs})
	}
}

// emitNow writes one entry in any case. A note that it causes is not worth another line.
func (l *Log) emitNow(e *entry) { l.deliver(e, false) }

func (l *Log) deliver(e *entry, limit bool) note {
	buf := lines.Get().(*[]byte)
	defer lines.Put(buf)
	told := false
	for {
		s := l.sink.Load()
		line, body := s.enc.append((*buf)[:0], e)
		if cap(line) <= maxPooledLine {
			*buf = line
		}
		if limit && !l.repeats.pass(e, line[body:]) {
			l.counters.suppressed.Add(1)
			return note{}
		}
		if !told {
			l.tellFollowers(e)
			told = true
		}
		limit = false // a line is looked at once, also when it has to go to the next sink
		n, err := s.shared.write(e.level, line)
		if errors.Is(err, errClosed) && l.sink.Load() != s {
			continue
		}
		if err != nil {
			l.counters.dropped.Add(1)
			return note{}
		}
		l.counters.written.Add(1)
		return n
	}
}

// maxPooledLine keeps a rare long line from staying in memory.
const maxPooledLine = 16 << 10

var lines = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}
