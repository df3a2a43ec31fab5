package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is a standard error that tests can read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func open(t testing.TB, cfg Config) *Log {
	t.Helper()
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

type secret string

func (secret) LogValue() slog.Value         { return slog.StringValue("[REDACTED]") }
func (secret) String() string               { return "[REDACTED]" }
func (secret) MarshalText() ([]byte, error) { return []byte("[REDACTED]"), nil }

type account struct {
	Name   string
	Pass   secret
	hidden secret
}

// examples has one record of each kind that the forms treat differently.
var examples = []struct {
	level slog.Level
	text  string
	attrs []any
}{
	{slog.LevelInfo, "Starting nats-server", nil},
	{slog.LevelInfo, "  Version:  2.14.5", nil},
	{slog.LevelDebug, `Created system account: "$SYS"`, nil},
	{slog.LevelWarn, "slow consumer", []any{"pending", 67108864, "after", 2 * time.Second, "ok", false, "ratio", 0.5}},
	{slog.LevelError, "listen", []any{"err", errors.New("address already in use"), "addr", netip.MustParseAddrPort("[::1]:4222")}},
	{LevelTrace, "<<- [PING]", []any{"client", "127.0.0.1:4222 - cid:5"}},
	{slog.LevelDebug, "Client connection created", []any{slog.Group("client", "addr", "127.0.0.1:4222", "cid", 5, "name", "a b")}},
	{LevelFatal, "can not start", []any{"at", time.Date(2026, 11, 23, 1, 2, 3, 4, time.UTC)}},
	{slog.LevelInfo, "evil \r\n[1] 2026/01/01 00:00:00.000000 [INF] forged\x1b[31m\x00\xff\u2028\u202e é", []any{"name", "x\n[INF] forged", "k\ney", "a=b", "empty", ""}},
	{slog.LevelInfo, "secrets", []any{"pass", secret("canary"), "user", account{"bob", "canary", "canary"}, "list", []secret{"canary"}, "ptr", &account{"eve", "canary", "canary"}}},
	{slog.LevelInfo, "odd values", []any{"nil", nil, "bytes", []byte("a b"), "func", TestMain, "nilptr", (*netip.Addr)(nil), "map", map[string]int{"b": 1, "a": 2}, slog.Group("", "in", "line"), slog.Group("empty")}},
}

func TestForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		cfg  Config
		bare bool
	}{
		{name: "classic", cfg: Config{Time: true}},
		{name: "classic_utc", cfg: Config{Time: true, UTC: true}},
		{name: "classic_notime", cfg: Config{}},
		{name: "classic_color", cfg: Config{Time: true, Color: true}},
		{name: "classic_syslog", cfg: Config{Time: true}, bare: true},
		{name: "json", cfg: Config{Format: "json", Time: true}},
		{name: "json_notime", cfg: Config{Format: "json"}},
		{name: "logfmt", cfg: Config{Format: "logfmt", Time: true, UTC: true}},
	}
	at := time.Date(2026, 11, 23, 1, 51, 52, 658685999, time.FixedZone("", 3600))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			enc, err := newEncoder(&tt.cfg, 4711)
			if err != nil {
				t.Fatal(err)
			}
			enc.color, enc.bare = tt.cfg.Color, tt.bare
			var got []byte
			for _, x := range examples {
				rec := slog.NewRecord(at, x.level, x.text, 0)
				rec.Add(x.attrs...)
				var attrs []slog.Attr
				rec.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
				e := &entry{time: at, level: x.level, message: x.text, module: "test", attrs: inline(settle(attrs))}
				start := len(got)
				line, body := enc.append(got, e)
				if bytes.Count(line[start:], []byte("\n")) != 1 || line[len(line)-1] != '\n' {
					t.Errorf("not one line: %q", line[start:])
				}
				if b := line[body:]; bytes.Contains(b, []byte("51:52")) {
					t.Errorf("body holds the time: %q", b)
				}
				got = line
			}
			if bytes.Contains(got, []byte("canary")) {
				t.Errorf("a secret is shown:\n%s", got)
			}
			path := filepath.Join("testdata", tt.name+".golden")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownFormat(t *testing.T) {
	t.Parallel()
	if _, err := Open(Config{Format: "xml"}); err == nil || !strings.Contains(err.Error(), `"xml"`) {
		t.Errorf("err = %v", err)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	all := []slog.Level{LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, LevelFatal}
	tests := []struct {
		name         string
		cfg          Config
		module       string
		want         string // labels of what passes
		debug, trace bool
	}{
		{name: "default", want: "INF WRN ERR FTL"},
		{name: "debug", cfg: Config{Debug: true}, want: "DBG INF WRN ERR FTL", debug: true},
		{name: "trace without debug", cfg: Config{Trace: true}, want: "TRC INF WRN ERR FTL", trace: true},
		{name: "both", cfg: Config{Debug: true, Trace: true}, want: "TRC DBG INF WRN ERR FTL", debug: true, trace: true},
		{name: "quiet module", cfg: Config{Debug: true, Levels: map[string]slog.Level{"auth": slog.LevelError}}, module: "auth", want: "ERR FTL", debug: true},
		{name: "silent module", cfg: Config{Levels: map[string]slog.Level{"auth": 100}}, module: "auth", want: "FTL"},
		{name: "loud module", cfg: Config{Levels: map[string]slog.Level{"auth": LevelTrace}}, module: "auth", want: "TRC DBG INF WRN ERR FTL", debug: true, trace: true},
		{name: "other module", cfg: Config{Levels: map[string]slog.Level{"auth": LevelTrace}}, module: "conn", want: "INF WRN ERR FTL", debug: true, trace: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out buffer
			l := open(t, Config{Stderr: &out})
			logger := Module(l.Logger(), tt.module)
			if tt.module == "" {
				logger = l.Logger()
			}
			s, err := l.Prepare(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			_ = l.Swap(s).Close()
			for _, level := range all {
				logger.Log(t.Context(), level, "x")
			}
			var got []string
			for line := range strings.Lines(out.String()) {
				got = append(got, line[strings.Index(line, "] [")+3:][:3])
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if l.DebugOn() != tt.debug || l.TraceOn() != tt.trace {
				t.Errorf("DebugOn %t, TraceOn %t", l.DebugOn(), l.TraceOn())
			}
		})
	}
}

func TestModuleOfAnotherHandler(t *testing.T) {
	t.Parallel()
	var out buffer
	Module(slog.New(slog.NewTextHandler(&out, nil)), "auth").Info("x")
	if !strings.Contains(out.String(), "module=auth") {
		t.Error(out.String())
	}
}

func TestWithAttrsAndGroups(t *testing.T) {
	t.Parallel()
	var out buffer
	l := open(t, Config{Stderr: &out})
	base := l.Logger().With("client", "1.2.3.4:5 - cid:1", "a", 1)
	base.With("b", 2).WithGroup("g").With("c", 3).Info("one", "d", 4)
	base.WithGroup("g").Info("two")
	base.With("b", 3).Info("three")
	pid := fmt.Sprintf("[%d] [INF] 1.2.3.4:5 - cid:1 - ", os.Getpid())
	want := pid + "one a=1 b=2 g.c=3 g.d=4\n" + pid + "two a=1\n" + pid + "three a=1 b=3\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHandlerContract(t *testing.T) {
	t.Parallel()
	var out *buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		out = new(buffer)
		return open(t, Config{Format: "json", Time: true, Stderr: out}).Logger().Handler()
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		if err := json.Unmarshal([]byte(out.String()), &m); err != nil {
			t.Fatal(err)
		}
		return m
	})
}

func TestOffCostsNothing(t *testing.T) { // not parallel: AllocsPerRun counts for the whole process
	l := open(t, Config{Stderr: &buffer{}})
	logger := Module(l.Logger(), "client")
	off := func() {
		if l.TraceOn() || l.DebugOn() {
			t.Error("trace or debug is on")
		}
		logger.Debug("connection created")
		if logger.Enabled(t.Context(), LevelTrace) {
			t.Error("trace is on")
		}
	}
	if n := testing.AllocsPerRun(1000, off); n != 0 {
		t.Errorf("%v allocs per run, want 0", n)
	}
}

func BenchmarkOff(b *testing.B) {
	l := open(b, Config{Stderr: &buffer{}})
	for b.Loop() {
		if l.TraceOn() {
			b.Fatal("on")
		}
	}
}

func BenchmarkClassic(b *testing.B) {
	l := open(b, Config{File: os.DevNull, Time: true, Trace: true})
	logger := Module(l.Logger(), "client").With("client", "127.0.0.1:4222 - cid:5")
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		logger.LogAttrs(ctx, LevelTrace, "<<- [PUB foo 5]")
	}
}

func TestSwapFollowsAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, Config{File: filepath.Join(dir, "0.log")})
	const writers, each = 4, 500
	var wg sync.WaitGroup
	for w := range writers {
		logger := l.Logger().With("writer", w)
		wg.Go(func() {
			for i := range each {
				logger.Info("line", "i", i)
			}
		})
	}
	for i := range 50 {
		s, err := l.Prepare(Config{File: filepath.Join(dir, fmt.Sprintf("%d.log", i%3)), Format: []string{"classic", "json"}[i%2]})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Swap(s).Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	lines := 0
	for i := range 3 {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.log", i)))
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(data, []byte("\n"))
	}
	if c := l.Counters(); lines != writers*each || c.Written != writers*each || c.Dropped != 0 {
		t.Errorf("%d lines, want %d; counters %+v", lines, writers*each, c)
	}
}

func TestPrepareHasNoEffect(t *testing.T) {
	t.Parallel()
	var out buffer
	l := open(t, Config{Stderr: &out})
	path := filepath.Join(t.TempDir(), "new.log")
	s, err := l.Prepare(Config{File: path, Debug: true})
	if err != nil {
		t.Fatal(err)
	}
	l.Logger().Info("still here")
	l.Logger().Debug("not shown")
	if err := s.Discard(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file of a discarded sink stays: %v", err)
	}
	if got := strings.Count(out.String(), "\n"); got != 1 || l.DebugOn() {
		t.Errorf("%d lines, debug %t:\n%s", got, l.DebugOn(), out.String())
	}
	if _, err := l.Prepare(Config{File: filepath.Join(path, "no", "dir.log")}); err == nil {
		t.Error("a log file in a missing directory was accepted")
	}
}

// A change of levels alone must not depend on the destination being reachable.
func TestSameDestinationIsShared(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := Config{File: filepath.Join(dir, "a.log")}
	l := open(t, cfg)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	cfg.Debug = true
	s, err := l.Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Swap(s).Close(); err != nil {
		t.Error(err)
	}
	l.Logger().Debug("x")
	if c := l.Counters(); c.Written != 1 {
		t.Errorf("counters %+v", c)
	}
}

func TestAfterClose(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Stderr: &buffer{}})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.Logger().Info("late")
	if c := l.Counters(); c.Dropped != 1 {
		t.Errorf("counters %+v", c)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
