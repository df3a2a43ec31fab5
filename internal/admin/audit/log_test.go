package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"natsd/internal/admin/api"
)

func record(i int) *api.AuditRecord {
	return &api.AuditRecord{
		Time: time.Now().UTC(), Actor: api.AuditActor{Type: "token", ID: "ci"}, Action: "POST /x", Target: fmt.Sprintf("/x/%d", i),
		Result: api.AuditOK, Params: map[string]any{"text": "a\n\"b\"<&>\u2028"},
	}
}

func fill(t *testing.T, l *Log, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := l.Append(record(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// verify checks that the chain holds with so many records.
func verify(t *testing.T, l *Log, records int) {
	t.Helper()
	c, err := l.Verify(t.Context())
	if err != nil || !c.Valid || c.Records != records {
		t.Errorf("%+v %v, want %d records", c, err, records)
	}
}

func opened(t *testing.T, path string, limit int64) *Log {
	t.Helper()
	l, err := open(path, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestChainOverFilesAndRestarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	l := opened(t, path, 4096)
	fill(t, l, 1, 100)
	verify(t, l, 100)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(record(0)); err == nil {
		t.Error("a closed log takes records")
	}
	l = opened(t, path, 4096)
	fill(t, l, 101, 120)
	verify(t, l, 120)
	want := 120
	err := l.Records(t.Context(), func(r *api.AuditRecord) bool {
		if r.Target != fmt.Sprintf("/x/%d", want) || int(r.Seq) != want {
			t.Errorf("%+v, want %d", r, want)
		}
		want--
		return true
	})
	if err != nil || want != 0 {
		t.Errorf("%v, %d left", err, want)
	}
	if files, _ := filepath.Glob(path + ".*"); len(files) < 5 {
		t.Errorf("%v", files)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	l := opened(t, "", fileLimit)
	fill(t, l, 1, memoryKeep+5)
	c, err := l.Verify(t.Context())
	if err != nil || !c.Valid || c.Records < memoryKeep/2 || c.Records > memoryKeep {
		t.Errorf("%+v %v", c, err)
	}
}

// At whichever byte a crash has cut the file: what was written before is kept, and the chain goes on.
func TestTornAtEveryByte(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	l := opened(t, path, fileLimit)
	fill(t, l, 1, 3)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	from := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := from; cut <= len(whole); cut++ {
		torn := filepath.Join(t.TempDir(), "audit.log")
		if err := os.WriteFile(torn, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l := opened(t, torn, fileLimit)
		fill(t, l, 4, 4)
		want := 4 // two of before, the note of what was torn, the new one
		if cut == from {
			want = 3 // the line was never begun
		}
		verify(t, l, want)
	}
}

func TestChangesAreFound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	l := opened(t, path, fileLimit)
	fill(t, l, 1, 9)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.SplitAfter(string(whole), "\n")[:9]
	for name, c := range map[string]struct {
		text string
		bad  uint64
	}{
		"changed":    {strings.Replace(string(whole), "/x/5", "/x/6", 1), 5},
		"hash":       {strings.Replace(string(whole), rows[4][len(rows[4])-10:], "000000\"}\n", 1), 5},
		"taken out":  {strings.Replace(string(whole), rows[2], "", 1), 3},
		"put in":     {strings.Replace(string(whole), rows[2], rows[2]+rows[2], 1), 4},
		"garbage":    {strings.Replace(string(whole), rows[6], "rubbish\n", 1), 7},
		"other way":  {rows[1] + rows[0] + strings.Join(rows[2:], ""), 3},
		"other form": {strings.Replace(string(whole), `"seq":4,`, `"seq": 4,`, 1), 4},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		check, err := l.Verify(t.Context())
		if err != nil || check.Valid || check.FirstBad == nil || *check.FirstBad != c.bad || check.Reason == "" {
			t.Errorf("%s: %+v %v, want %d", name, check, err, c.bad)
		}
	}
	l = opened(t, path, fileLimit) // it goes on, and the break stays visible
	fill(t, l, 10, 10)
	if c, err := l.Verify(t.Context()); err != nil || c.Valid {
		t.Errorf("%+v %v", c, err)
	}
}

// Somebody moves the file away, or writes to it himself.
func TestFileThatIsChangedBySomebodyElse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	l := opened(t, path, fileLimit)
	fill(t, l, 1, 3)
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 4, 5)
	verify(t, l, 2)
	other := opened(t, path, fileLimit)
	fill(t, other, 6, 6)
	fill(t, l, 7, 7)
	fill(t, other, 8, 8)
	verify(t, l, 5)
}

func TestDiskThatTakesNothing(t *testing.T) {
	t.Parallel()
	if _, err := Open(filepath.Join(t.TempDir(), "none", "audit.log")); err == nil {
		t.Error("a folder that does not exist")
	}
	if _, err := Open("/dev/full"); err == nil {
		t.Error("a device is no audit")
	}
	path := filepath.Join(t.TempDir(), "audit.log")
	l := opened(t, path, fileLimit)
	fill(t, l, 1, 1)
	whole := l.f
	closed, err := os.Open(path) // it takes no writes
	if err != nil {
		t.Fatal(err)
	}
	l.f = closed
	if l.Append(record(2)) == nil || l.Fault() == nil {
		t.Error("a record that cannot be written")
	}
	l.f = whole
	fill(t, l, 2, 2)
	if l.Fault() != nil {
		t.Error(l.Fault())
	}
	verify(t, l, 2)
	_ = closed.Close()
}

func TestManyWriters(t *testing.T) {
	t.Parallel()
	l := opened(t, filepath.Join(t.TempDir(), "audit.log"), 8192)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 20 {
				if err := l.Append(record(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	verify(t, l, 80)
}

func FuzzReadRecord(f *testing.F) {
	line, err := link{}.seal(record(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"seq":1,"hash":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, line := range lines(text) {
			r, err := readRecord(line)
			if err == nil && (r == nil || r.Seq == 0) {
				t.Errorf("%q", line)
			}
		}
		lastLink(text)
	})
}

// A file that holds something else is left as it is.
func TestFileThatIsNoAudit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "natsd.conf")
	for _, text := range []string{"port: 4222", "port: 4222\nhost: a", "\n", "{}\n", `{"seq"` + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil {
			t.Errorf("%q was taken for an audit", text)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("%q became %q (%v)", text, now, err)
		}
	}
}

// While files are put aside the chain is read without a gap, and no record twice.
func TestReadWhileFilesArePutAside(t *testing.T) {
	t.Parallel()
	l := opened(t, filepath.Join(t.TempDir(), "audit.log"), 2048)
	fill(t, l, 1, 5)
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range 60 {
			if err := l.Append(record(i)); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		if c, err := l.Verify(t.Context()); err != nil || !c.Valid {
			t.Errorf("%+v %v", c, err)
		}
		last := uint64(0)
		err := l.Records(t.Context(), func(r *api.AuditRecord) bool {
			if last != 0 && r.Seq != last-1 {
				t.Errorf("record %d before %d", r.Seq, last)
			}
			last = r.Seq
			return true
		})
		if err != nil || last != 1 {
			t.Errorf("%v, the oldest is %d", err, last)
		}
	}
	writer.Wait()
}
