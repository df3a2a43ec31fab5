package top

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"natsd/internal/ctl/client"
)

var update = flag.Bool("update", false, "write the golden files")

// moment is a sample at a second, in which so many messages have passed on each connection.
func moment(second int) *Sample {
	now := time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC)
	s := &Sample{Server: Server{
		ID: "NID", Name: "one", Version: "2.14.5", Now: now, Uptime: "1h2m3s", CPU: 12.5, Mem: 20 << 20, Connections: 3, MaxConns: 100,
		Subscriptions: 7, Slow: 1, InMsgs: int64(1000 * second), OutMsgs: int64(3000 * second * second), InBytes: int64(2048 * second), OutBytes: int64(4096 * second),
	}, Total: 3}
	for i := range 3 {
		n := int64(i + 1)
		s.Conns = append(s.Conns, Conn{
			CID: uint64(10 + i), Name: fmt.Sprintf("worker-%d", i), IP: "10.0.0.1", Port: 5000 + i, Account: "APP", User: "bob", Lang: "go", Version: "1.55.0",
			Uptime: fmt.Sprintf("%dh0m0s", n), Idle: fmt.Sprintf("%ds", 3-i), RTT: "1ms", Last: now, NumSubs: i, Pending: 100 * n,
			InMsgs: 10 * n * int64(second), OutMsgs: 50*n*int64(second) + 1000, InBytes: 1024 * n * int64(second), OutBytes: 4096 * n * int64(second), Subs: []string{fmt.Sprintf("orders.%d", i)},
		})
	}
	s.Accounts = []Account{{Name: "APP", Conns: 3, NumSubs: 5, Sent: Traffic{int64(second * 5), int64(second * 512)}, Received: Traffic{1, 2}}, {Name: "SYS"}}
	s.Routes = []Route{{RID: 5, Name: "two", IP: "10.0.0.2", Port: 6222, NumSubs: 3, OutMsgs: int64(second), RTT: "2ms", Uptime: "5s"}}
	s.Slow = []Conn{{CID: 12, Name: "worker-2", IP: "10.0.0.1", Port: 5002, Pending: 1 << 20, Idle: "0s"}, {CID: 3, Name: "gone", IP: "10.0.0.9", Port: 1, Reason: "Slow Consumer (Pending Bytes)"}}
	return s
}

// recording is a Replay of some moments.
func recording(t *testing.T, seconds ...int) *Replay {
	t.Helper()
	var b bytes.Buffer
	for _, s := range seconds {
		if err := json.NewEncoder(&b).Encode(moment(s)); err != nil {
			t.Fatal(err)
		}
	}
	return NewReplay(&b)
}

// screen makes a model of 80 by 24 cells that has seen the moments.
func screen(t *testing.T, seconds ...int) *Model {
	t.Helper()
	m := NewModel(recording(t, seconds...))
	m.Zone = time.UTC
	for range seconds {
		run(t, m, m.ask())
	}
	return m
}

// run carries out a command and what follows from it, but waits for no time.
func run(t *testing.T, m *Model, cmd tea.Cmd) {
	t.Helper()
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case sampled:
		m.asking = false
		m.take(msg.sample, msg.err)
	case kicked, named:
		m.update(msg)
	}
}

// press sends keys: single letters, or names in <>.
func press(t *testing.T, m *Model, keys string) {
	t.Helper()
	named := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "pgdown": tea.KeyPgDown, "end": tea.KeyEnd}
	for keys != "" {
		key := tea.Key{Code: rune(keys[0]), Text: keys[:1]}
		if name, rest, ok := strings.Cut(keys[1:], ">"); keys[0] == '<' && ok {
			key, keys = tea.Key{Code: named[name]}, "x"+rest
		}
		if key.Code == ' ' {
			key = tea.Key{Code: tea.KeySpace, Text: " "}
		}
		run(t, m, m.update(tea.KeyPressMsg(key)))
		keys = keys[1:]
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"connections":   "",
		"sorted":        "obytes_to<enter>",
		"reversed":      "osubs<enter>r<down>",
		"rates":         " ",
		"raw":           "b",
		"filter":        "/WORKER 1<enter>",
		"filter_none":   "/nope",
		"subjects":      "s",
		"subscriptions": "<down><enter>",
		"server":        "1",
		"accounts":      "3",
		"routes":        "4",
		"slow":          "5",
		"help":          "?",
		"kick":          "<down>k",
		"paused":        "p+",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := screen(t, 1, 2, 3, 4, 5)
			press(t, m, keys)
			got := m.Text()
			for line := range strings.Lines(got) {
				if w := ansi.StringWidth(strings.TrimRight(line, "\n")); w > 80 {
					t.Errorf("a line of %d cells: %q", w, line)
				}
			}
			if n := strings.Count(got, "\n"); n != 23 {
				t.Errorf("%d lines, want 24", n+1)
			}
			path := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (write it with -update)", err)
			}
			if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the size of the terminal and the key, the screen fits it.
func TestScreenFits(t *testing.T) {
	t.Parallel()
	m := screen(t, 1, 2)
	for _, size := range []tea.WindowSizeMsg{{Width: 20, Height: 10}, {Width: 40, Height: 12}, {Width: 200, Height: 60}, {Width: 1, Height: 1}} {
		m.update(size)
		for _, keys := range []string{"1", "2", "3", "4", "5", "2<end>", "?x", " ", "b", "k", "n", "s", "r"} {
			press(t, m, keys)
			text := m.Text()
			if n := strings.Count(text, "\n") + 1; n > max(size.Height, 10) {
				t.Errorf("%v %q: %d lines", size, keys, n)
			}
			for line := range strings.Lines(text) {
				if w := ansi.StringWidth(strings.TrimRight(line, "\n")); w > max(size.Width, 20) {
					t.Errorf("%v %q: a line of %d cells: %q", size, keys, w, line)
				}
			}
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys string
		ok   func(m *Model) bool
	}{
		{"n2<enter>", func(m *Model) bool { return m.Limit == 2 && len(m.table().rows) == 2 }},
		{"nx<enter>", func(m *Model) bool { return m.Limit == 1024 && m.note != "" }},
		{"ofoo<enter>", func(m *Model) bool { return m.Sort == "cid" && strings.Contains(m.note, "foo") }},
		{"oidl<backspace><esc>", func(m *Model) bool { return m.Sort == "cid" && m.prompt.kind == 0 }},
		{"oidle<enter>", func(m *Model) bool { return m.Sort == "idle" && m.selected() == 10 }},
		{"ouptime<enter>r", func(m *Model) bool { return m.selected() == 12 }},
		{"<down><down><down>", func(m *Model) bool { return m.selected() == 12 }},
		{"<end><up>", func(m *Model) bool { return m.selected() == 11 }},
		{"<tab>", func(m *Model) bool { return m.View == Accounts }},
		{"5<tab>", func(m *Model) bool { return m.View == Overview }},
		{"<enter><esc>", func(m *Model) bool { return m.View == Connections && m.cid == 0 }},
		{"/worker-2<enter>3", func(m *Model) bool { return m.Filter == "" }},
		{"/worker-2<enter>32", func(m *Model) bool { return m.Filter == "worker-2" && m.selected() == 12 }},
		{"/worker-2<enter><esc>", func(m *Model) bool { return m.Filter == "" }},
		{"k<esc>", func(m *Model) bool { return m.note == "nothing was done" }},
		{"3k", func(m *Model) bool { return m.prompt.kind == 0 && strings.Contains(m.note, "choose") }},
		{"ky", func(m *Model) bool { return strings.Contains(m.note, "recording") }},
		{"--", func(m *Model) bool { return m.Interval == 250*time.Millisecond }},
		{"hq", func(m *Model) bool { return !m.help }},
	} {
		m := screen(t, 1, 2)
		press(t, m, c.keys)
		if !c.ok(m) {
			t.Errorf("%q: %+v\n%s", c.keys, m.prompt, m.Text())
		}
	}
}

// The cursor stays on the connection that it was put on, wherever that goes.
func TestCursorFollows(t *testing.T) {
	t.Parallel()
	m := screen(t, 1, 2)
	press(t, m, "obytes_to<enter><down>")
	if m.selected() != 11 {
		t.Fatal(m.selected())
	}
	next := moment(3)
	next.Conns[1].OutBytes = 1 << 40
	m.take(next, nil)
	if m.selected() != 11 || m.cursor != 0 {
		t.Errorf("the cursor is on %d, line %d", m.selected(), m.cursor)
	}
	press(t, m, "k")
	if m.prompt.cid != 11 {
		t.Errorf("asks for %d", m.prompt.cid)
	}
}

func TestQuit(t *testing.T) {
	t.Parallel()
	for _, key := range []tea.Key{{Code: 'q', Text: "q"}, {Code: 'c', Mod: tea.ModCtrl}} {
		cmd := screen(t, 1).update(tea.KeyPressMsg(key))
		if cmd == nil {
			t.Fatalf("%v: nothing happens", key)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%v does not end the program", key)
		}
	}
}

// A server that is started again counts from 0: no rate comes of that.
func TestAnotherServer(t *testing.T) {
	t.Parallel()
	m := screen(t, 5)
	next := moment(6)
	next.Server.ID = "OTHER"
	next.Server.InMsgs = 3
	m.take(next, nil)
	if m.serverRates != (rates{}) || len(m.connRates) != 0 {
		t.Errorf("%+v", m.serverRates)
	}
	last := moment(8)
	last.Server.ID = "OTHER"
	last.Server.InMsgs = 1
	m.take(last, nil)
	if m.serverRates.inMsgs != 0 {
		t.Errorf("%+v", m.serverRates)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	m := screen(t, 1, 3)
	if got := m.connRates[11]; got != (rates{inMsgs: 20, outMsgs: 100, inBytes: 2048, outBytes: 8192}) {
		t.Errorf("%+v", got)
	}
	if m.serverRates.inMsgs != 1000 {
		t.Errorf("%+v", m.serverRates)
	}
	m.take(nil, fmt.Errorf("no server"))
	if !strings.Contains(m.Text(), "ERR no server") || len(m.sample.Conns) != 3 {
		t.Error(m.Text())
	}
}

func TestSpark(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]history{"": {}, "▁": {0}, "▁█": {0, 5}, "▃▅█": {1, 2, 4}, "█": {1, 2, 9}} {
		if got := h.spark(len([]rune(want))); got != want {
			t.Errorf("%v: %q, want %q", h, got, want)
		}
	}
	if got := (history{1}).spark(3); got != "  █" {
		t.Errorf("%q", got)
	}
	var h history
	for i := range 1000 {
		h.add(float64(i))
	}
	if len(h) != keep || h[0] != 1000-keep {
		t.Errorf("%d values from %v", len(h), h[0])
	}
}

func TestLasting(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0s": 0, "45s": 45 * time.Second, "3m7s": 187 * time.Second, "1d2h3m4s": 26*time.Hour + 184*time.Second, "1y1d0h0m1s": 366*24*time.Hour + time.Second,
		"154µs": 154 * time.Microsecond, "": 0, "xd": 0,
	} {
		if got := lasting(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// server answers as a monitoring port does, and takes kicks.
func server(t *testing.T, kicks *[]string) *Live {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := moment(3)
		var out any
		switch path := strings.TrimPrefix(r.URL.Path, "/api/v1"); {
		case r.Method == http.MethodDelete:
			*kicks = append(*kicks, path)
			w.WriteHeader(http.StatusNoContent)
			return
		case path == "/varz":
			out = m.Server
		case path == "/connz" && r.URL.Query().Get("state") == "closed":
			out = map[string]any{"connections": append(m.Slow[1:], Conn{CID: 1, Reason: "Client Closed"})}
		case path == "/connz" && r.URL.Query().Has("cid"):
			c := m.Conns[1]
			c.Detail = []Sub{{Subject: "a.b", SID: "1", Msgs: 3}, {Subject: "c", Queue: "q", SID: "2", Msgs: 9}}
			out = map[string]any{"connections": []Conn{c}}
		case path == "/connz":
			out = map[string]any{"connections": m.Conns, "total": 3}
		case path == "/accstatz":
			out = map[string]any{"account_statz": m.Accounts}
		case path == "/routez":
			out = map[string]any{"routes": m.Routes}
		}
		_ = json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(s.Close)
	target, err := client.ParseTarget(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(target, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Live{Client: c}
}

func TestLive(t *testing.T) {
	t.Parallel()
	var kicks []string
	m := NewModel(server(t, &kicks))
	run(t, m, m.ask())
	press(t, m, "<down>ky")
	if len(kicks) != 1 || kicks[0] != "/connections/11" || m.note != "connection 11 was ended" {
		t.Errorf("%v, %q", kicks, m.note)
	}
	press(t, m, "<enter>")
	if rows := m.table().rows; len(rows) != 2 || rows[0].cells[0] != "c" {
		t.Errorf("%v", rows)
	}
	press(t, m, "<esc>5")
	if rows := m.table().rows; len(rows) != 4 || rows[3].cid != 3 { // three have bytes pending
		t.Errorf("%v", rows)
	}
	press(t, m, "34")
	if rows := m.table().rows; len(rows) != 1 {
		t.Errorf("%v", rows)
	}
}

// What is recorded is shown again, in every view.
func TestRecordAndReplay(t *testing.T) {
	t.Parallel()
	var kicks []string
	live := server(t, &kicks)
	var file bytes.Buffer
	live.Record = &file
	m := NewModel(live)
	run(t, m, m.ask())
	again := NewModel(NewReplay(&file))
	run(t, again, again.ask())
	if again.Text() != m.Text() {
		t.Error(cmp.Diff(m.Text(), again.Text()))
	}
	for _, view := range []string{"3", "4", "5"} {
		press(t, again, view)
		if len(again.table().rows) == 0 {
			t.Errorf("view %s is empty", view)
		}
	}
	if _, err := NewReplay(strings.NewReader("")).Sample(context.Background(), Query{}); err == nil {
		t.Error("an empty recording")
	}
	if _, err := NewReplay(strings.NewReader("x\n")).Sample(context.Background(), Query{}); err == nil {
		t.Error("no recording")
	}
}

func TestPrintAndCSV(t *testing.T) {
	t.Parallel()
	m := NewModel(recording(t, 1, 2))
	m.Zone, m.Interval = time.UTC, time.Millisecond
	var out bytes.Buffer
	if err := Print(context.Background(), m, &out, 2, 80); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "worker-1"); n != 2 || strings.Contains(out.String(), "\x1b") || strings.Contains(out.String(), " \n") {
		t.Errorf("%d times\n%s", n, out.String())
	}
	out.Reset()
	m = NewModel(recording(t, 1, 2))
	m.Interval = time.Millisecond
	if err := CSV(context.Background(), m, &out, 2); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 7 || !strings.HasPrefix(lines[0], "time,HOST,CID,NAME") || !strings.HasPrefix(lines[6], "2026-01-02T03:04:02Z,10.0.0.1:5002,12,worker-2,") {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	m = NewModel(recording(t, 1))
	m.View = Overview
	if err := CSV(context.Background(), m, &out, 1); err != nil || !strings.Contains(out.String(), "\n2026-01-02T03:04:01Z,one,12.5,20971520,3,7,1,1000,3000,2048,4096,0.0") {
		t.Errorf("%v\n%s", err, out.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Print(ctx, m, &out, 0, 80); err == nil {
		t.Error("it does not end with its context")
	}
}
