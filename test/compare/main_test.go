package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"natsd/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

// pair is natsd and the peer with the same configuration.
type pair struct{ natsd, peer *harness.Server }

func startPair(t *testing.T, conf string) pair {
	t.Helper()
	return pair{peer: harness.Start(t, harness.Peer, conf), natsd: harness.Start(t, harness.Natsd, conf)}
}

// step is one write on one connection of a script, which is opened by its first step.
type step struct{ conn, send string }

// script turns lines "a> text" into steps; the text is unquoted as in Go and CR LF is added.
// "a~ text" adds nothing.
func script(t *testing.T, text string) []step {
	t.Helper()
	var steps []step
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimLeft(line, "\t")
		if line == "" {
			continue
		}
		conn, rest := line[:1], line[3:]
		var s string
		if err := json.Unmarshal([]byte(`"`+strings.ReplaceAll(rest, `"`, `\"`)+`"`), &s); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if line[1] == '>' {
			s += "\r\n"
		}
		if n := len(steps); n > 0 && steps[n-1].conn == conn {
			steps[n-1].send += s
			continue
		}
		steps = append(steps, step{conn, s})
	}
	return steps
}

// done ends every step: its answer shows that the step has been dealt with.
const done = "PING\r\n"

// A script may swallow its last PING, which shows as silence. On a busy machine an answer may take
// as long as the short silence; a difference counts only when it stays with the long one.
const (
	shortSilence = 250 * time.Millisecond
	longSilence  = 3 * time.Second
)

// play runs the steps and returns what came, one line per frame. Every step is followed by a PING
// whose answer ends the step for its connection; at the end every connection is read once more.
func play(addr string, steps []step, quiet time.Duration) (string, error) {
	conns := map[string]*harness.Conn{}
	var order []string
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	var out []string
	for _, s := range steps {
		c := conns[s.conn]
		if c == nil {
			var err error
			if c, err = harness.Open(addr); err != nil {
				return "", err
			}
			conns[s.conn] = c
			order = append(order, s.conn)
		}
		// A failed write is a closed connection, which the answer shows.
		_ = c.Send(s.send + done)
		out = append(out, listen(s.conn, c, 1+pings(s.send), quiet)...)
	}
	for _, name := range order {
		_ = conns[name].Send(done)
		out = append(out, listen(name, conns[name], 1, quiet)...)
	}
	return strings.Join(out, "\n"), nil
}

// pings counts the PINGs of a step that are answered before the closing one, as far as that can be
// seen without decoding; too many only cost the time of a silence.
func pings(text string) int { return strings.Count(strings.ToUpper(text), "\nPING") }

// listen reads until that many PONGs, the end of the connection, or a silence.
func listen(name string, c *harness.Conn, pongs int, quiet time.Duration) []string {
	var lines, sorted []string
	for pongs > 0 {
		f, err := c.Next(quiet)
		switch {
		case errors.Is(err, harness.ErrQuiet):
			return append(append(lines, flush(sorted)...), name+"  (silence)")
		case errors.Is(err, io.EOF):
			return append(append(lines, flush(sorted)...), name+"  (closed)")
		case err != nil:
			return append(append(lines, flush(sorted)...), fmt.Sprintf("%s  (%v)", name, err))
		}
		text := name + "< " + show(f)
		if f.Verb == "MSG" || f.Verb == "HMSG" {
			// Several subscriptions of one connection get a message in any order.
			sorted = append(sorted, text)
			continue
		}
		lines = append(append(lines, flush(sorted)...), text)
		sorted = nil
		if f.Verb == "PONG" {
			pongs--
		}
	}
	return append(lines, flush(sorted)...)
}

// flush sorts messages by subscription id only: per subscription the order counts.
func flush(lines []string) []string {
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(sid(a), sid(b)) })
	return lines
}

func sid(line string) string { return strings.Fields(line)[3] }

func show(f *harness.Frame) string {
	switch f.Verb {
	case "INFO":
		return "INFO"
	case "MSG", "HMSG":
		return fmt.Sprintf("%s %q %q", f.Line, f.Header, f.Body)
	}
	return f.Line
}

// diff plays the steps against both servers and returns how natsd (+) answers otherwise than the
// peer (-).
func (p pair) diff(t *testing.T, steps []step) string {
	t.Helper()
	natsd, peer := p.both(t, steps, shortSilence)
	if natsd != peer && strings.Contains(natsd+peer, "(silence)") {
		natsd, peer = p.both(t, steps, longSilence)
	}
	return cmp.Diff(peer, natsd)
}

// both plays the steps against both servers at once.
func (p pair) both(t *testing.T, steps []step, quiet time.Duration) (natsd, peer string) {
	t.Helper()
	var g errgroup.Group
	g.Go(func() (err error) { natsd, err = play(p.natsd.Addr, steps, quiet); return err })
	g.Go(func() (err error) { peer, err = play(p.peer.Addr, steps, quiet); return err })
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return natsd, peer
}
