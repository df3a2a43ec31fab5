package transcript

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"natsd/test/harness"
)

const (
	frameWait = 10 * time.Second       // for something that must come
	quietWait = 500 * time.Millisecond // for something that must not come
	reasonFor = 5 * time.Second
)

// client is one connection of a replay.
type client struct {
	name  string
	conn  *harness.Conn
	match matcher
	info  harness.Info
	asis  bool // PINGs are part of the recording
	drain bool // what arrives before the end does not matter
	log   []string
}

// note keeps the last lines of the conversation for the report of a failure.
func (c *client) note(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf(format, args...))
	if len(c.log) > 12 {
		c.log = c.log[1:]
	}
}

// next returns the next frame within limit; PINGs are answered.
func (c *client) next(limit time.Duration) (*harness.Frame, error) {
	for end := time.Now().Add(limit); ; {
		f, err := c.conn.Next(time.Until(end))
		if f != nil {
			c.note("< %.300q", f.Line)
		} else if err != nil {
			c.note("< (%v)", err)
		}
		if err != nil || f.Verb != "PING" || c.asis {
			return f, err
		}
		// A failed write is the server's close, which the next read will show.
		_ = c.conn.Send("PONG\r\n")
	}
}

// nothing checks that nothing arrives.
func (c *client) nothing() error {
	f, err := c.next(quietWait)
	switch {
	case errors.Is(err, harness.ErrQuiet):
		return nil
	case err != nil:
		return fmt.Errorf("want nothing, got %w", err)
	}
	return fmt.Errorf("want nothing, got %q", f.Line)
}

// eof checks that the server closes the connection.
func (c *client) eof() error {
	for {
		f, err := c.next(frameWait)
		switch {
		case errors.Is(err, harness.ErrQuiet):
			return fmt.Errorf("want the server to close, got nothing for %v", frameWait)
		case errors.Is(err, io.EOF), err != nil && c.drain:
			return nil
		case err != nil:
			return fmt.Errorf("want the server to close, got %w", err)
		case !c.drain:
			return fmt.Errorf("want the server to close, got %q", f.Line)
		}
	}
}

// expect reads as many frames as the steps want. free tells which pairs of frames may be swapped.
func (c *client) expect(steps []Step, free func(a, b Want) bool) error {
	open := slices.Clone(steps)
	for len(open) > 0 {
		f, err := c.next(frameWait)
		if err != nil {
			return at(open[0], fmt.Errorf("want %q, got %w", open[0].Want.Text(), err))
		}
		var first error
		found := -1
		for i, s := range open {
			if slices.ContainsFunc(open[:i], func(o Step) bool { return !free(o.Want, s.Want) }) {
				continue
			}
			if err := c.compare(s.Want, f); err == nil {
				found = i
				break
			} else if first == nil {
				first = at(open[0], err)
			}
		}
		if found < 0 {
			return first
		}
		open = slices.Delete(open, found, found+1)
	}
	return nil
}

func at(s Step, err error) error { return fmt.Errorf("line %d: %w", s.Line, err) }

// compare compares one frame.
func (c *client) compare(w Want, f *harness.Frame) error {
	body, isInfo := strings.CutPrefix(w.Line, "INFO ")
	switch {
	case isInfo:
		return c.compareInfo(body, f)
	case !isMessage(w.Line):
		return c.match.text(w.Line, f.Line)
	}
	// Two blanks before the size mean an empty reply; they count as one.
	if err := c.match.text(words(w.Line), words(f.Line)); err != nil {
		return err
	}
	if err := c.compareHeader(w, f); err != nil {
		return err
	}
	return c.compareBody(w.Body, string(f.Body))
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

func (c *client) compareInfo(want string, f *harness.Frame) error {
	got, ok := strings.CutPrefix(f.Line, "INFO ")
	if !ok {
		return fmt.Errorf("want INFO, got %q", f.Line)
	}
	if !strings.HasSuffix(got, "} ") {
		return fmt.Errorf("INFO must end in } and one blank: %q", f.Line)
	}
	if err := c.match.json([]byte(want), []byte(got), true); err != nil {
		return fmt.Errorf("INFO: %w\n  want %s\n  got  %s", err, want, got)
	}
	nonce := c.info.Nonce
	if err := json.Unmarshal([]byte(got), &c.info); err != nil {
		return err
	}
	if c.info.Nonce == "" {
		c.info.Nonce = nonce // only the first INFO carries it
	}
	return nil
}

func (c *client) compareHeader(w Want, f *harness.Frame) error {
	if w.Header == nil {
		if len(f.Header) > 0 {
			return fmt.Errorf("want no header, got %q", f.Header)
		}
		return nil
	}
	text := string(f.Header)
	if w.HasEnd {
		var ok bool
		if text, ok = strings.CutSuffix(text, "\r\n\r\n"); !ok {
			return fmt.Errorf("the header block %q does not end in an empty line", f.Header)
		}
	}
	got := strings.Split(text, "\r\n")
	if !w.HasEnd {
		got = []string{text}
	}
	if len(got) != len(w.Header) {
		return fmt.Errorf("want %d header lines, got %q", len(w.Header), got)
	}
	for i, line := range w.Header {
		name, object, ok := strings.Cut(line, ": {")
		gotName, gotObject, gotOK := strings.Cut(got[i], ": {")
		var err error
		if ok && gotOK && name == gotName {
			err = c.match.json([]byte("{"+object), []byte("{"+gotObject), false)
		} else {
			err = c.match.text(line, got[i])
		}
		if err != nil {
			return fmt.Errorf("header line %d: %w", i+1, err)
		}
	}
	return nil
}

func (c *client) compareBody(want, got string) error {
	if strings.HasPrefix(want, "{") && json.Valid([]byte(want)) {
		if err := c.match.json([]byte(want), []byte(got), false); err != nil {
			return fmt.Errorf("body: %w\n  want %s\n  got  %s", err, want, got)
		}
		return nil
	}
	return c.match.text(want, got)
}
