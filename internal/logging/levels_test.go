package logging

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetLevels(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l, err := Open(Config{Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server, auth := Module(l.Logger(), ModuleServer), Module(l.Logger(), ModuleAuth)
	round := 0
	said := func() string {
		out.Reset()
		round++
		for i, log := range []*slog.Logger{server, auth} {
			log = log.With("n", fmt.Sprint(round, i)) // lines that are the same are held back
			log.Log(t.Context(), LevelTrace, "t")
			log.Debug("d")
			log.Info("i")
			log.Warn("w")
		}
		var b strings.Builder
		for line := range strings.Lines(out.String()) {
			b.WriteString(line[strings.LastIndex(line, "] ")+2:][:1])
		}
		return b.String()
	}
	for _, c := range []struct {
		levels Levels
		want   string
	}{
		{Levels{}, "iwiw"},
		{Levels{Debug: true}, "diwdiw"},
		{Levels{Trace: true}, "tiwtiw"},
		{Levels{Least: slog.LevelWarn}, "ww"},
		{Levels{Least: slog.LevelWarn, Modules: map[string]slog.Level{ModuleAuth: LevelTrace}}, "wtdiw"},
		{Levels{}, "iwiw"},
	} {
		l.SetLevels(c.levels)
		if got := said(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.levels, got, c.want)
		}
	}
	l.SetLevels(Levels{Debug: true, Sample: 4})
	out.Reset()
	for range 8 {
		server.Debug("d")
		server.Info("i")
	}
	if n := strings.Count(out.String(), "[DBG]"); n != 2 {
		t.Errorf("%d of 8 debug lines", n)
	}
	s, err := l.Prepare(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Swap(s).Close(); err != nil {
		t.Fatal(err)
	}
	if v := l.Levels(); v.Debug || v.Sample != 0 {
		t.Errorf("%+v", v)
	}
}

// Levels change, and files move, while the log is in use.
func TestSetLevelsKeepsTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(Config{File: filepath.Join(dir, "a")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		l.SetLevels(Levels{Debug: i%2 == 0})
		l.Logger().Info("x", "n", i)
		s, err := l.Prepare(Config{File: filepath.Join(dir, []string{"a", "b"}[i%2])})
		if err != nil {
			t.Fatal(err)
		}
		l.SetLevels(Levels{Trace: true})
		if err := l.Swap(s).Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if c := l.Counters(); c.Written != 20 || c.Dropped != 0 {
		t.Errorf("%+v", c)
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l, err := Open(Config{Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := l.Follow(2, func(line *Line) bool { return line.Level >= slog.LevelWarn })
	log := Module(l.Logger(), ModuleClient)
	who := slog.Group("client", slog.String("addr", "1.2.3.4:5"), slog.Uint64("cid", 7))
	log.Info("no")
	log.Warn("slow\n", who, slog.Int("n", 3))
	<-f.Ready()
	lines, dropped := f.Take()
	if len(lines) != 1 || dropped != 0 {
		t.Fatalf("%v %d", lines, dropped)
	}
	if x := lines[0]; x.CID != 7 || x.Module != ModuleClient || x.Message != "slow\n" || x.Text != `1.2.3.4:5 - cid:7 - slow\n n=3` {
		t.Errorf("%+v", x)
	}
	for range 5 {
		log.Error("e")
	}
	if lines, dropped = f.Take(); len(lines) != 2 || dropped != 3 {
		t.Errorf("%v %d", lines, dropped)
	}
	f.Close()
	f.Close()
	log.Error("e")
	if lines, _ = f.Take(); len(lines) != 0 {
		t.Errorf("%v", lines)
	}
}
