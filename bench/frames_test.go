package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

const testSize = 16

// delivered returns what a server sends for n messages from first on.
func delivered(first uint64, n int) []byte {
	b := newBatch("MSG a 1 16\r\n", testSize, n*64, n, nil)
	return bytes.Clone(b.from(first, n))
}

func TestInboxTakesAnySplit(t *testing.T) {
	t.Parallel()
	p := delivered(0, 5)
	for cut := range p {
		in := newInbox("MSG a 1 16\r\n", testSize, nil)
		used, err := in.take(p[:cut])
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if _, err := in.take(p[used:]); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if got := in.taken().count(); got != 5 {
			t.Fatalf("cut at %d: %d messages, want 5", cut, got)
		}
	}
}

func TestInboxNotices(t *testing.T) {
	t.Parallel()
	const frame = len("MSG a 1 16\r\n") + testSize + 2
	for _, tc := range []struct {
		name  string
		spoil func(p []byte) []byte
		want  string
	}{
		{"loss", func(p []byte) []byte { return append(p[:frame], p[2*frame:]...) }, "got message 2, want 1"},
		{"repetition", func(p []byte) []byte { return append(p[:frame:frame], p...) }, "got message 0, want 1"},
		{"exchange", func(p []byte) []byte { return append(bytes.Clone(p[frame:2*frame]), p[:frame]...) }, "got message 1, want 0"},
		{"subject", func(p []byte) []byte { p[4] = 'b'; return p }, `want "MSG a 1 16`},
		{"payload", func(p []byte) []byte { p[frame-3]++; return p }, "its payload has changed"},
		{"end of payload", func(p []byte) []byte { p[2*frame-2] = ' '; return p }, "its payload has changed"},
	} {
		in := newInbox("MSG a 1 16\r\n", testSize, nil)
		_, err := in.take(tc.spoil(delivered(0, 3)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestQueueGroupsFingerprint(t *testing.T) {
	t.Parallel()
	sum := func(seqs ...uint64) uint64 {
		in := newInbox("MSG a 1 16\r\n", testSize, nil)
		in.gaps = true
		for _, s := range seqs {
			if _, err := in.take(delivered(s, 1)); err != nil {
				t.Error(err)
			}
		}
		return in.print
	}
	whole := sum(0, 1, 2, 3, 4)
	if sum(0, 2, 4)+sum(1, 3) != whole {
		t.Error("each message once: the sums differ")
	}
	if sum(0, 2, 4)+sum(1, 2) == whole {
		t.Error("2 twice and 3 never: the sums agree")
	}
	in := newInbox("MSG a 1 16\r\n", testSize, nil)
	in.gaps = true
	if _, err := in.take(append(delivered(3, 1), delivered(2, 1)...)); err == nil {
		t.Error("no error for a member that gets messages out of order")
	}
}

func TestBatchKeepsNumbersAndSubjects(t *testing.T) {
	t.Parallel()
	rewrite := func(line []byte, seq uint64) { putDigits(line[len("MSG a."):], seq) }
	line := "MSG a." + zeros + " 1 16\r\n"
	b := newBatch(line, testSize, 1<<10, math.MaxInt, rewrite)
	in := newInbox(line, testSize, rewrite)
	for range 3 {
		p := b.from(in.lanes[0].next, b.n)
		if used, err := in.take(p); err != nil || used != len(p) {
			t.Fatalf("took %d of %d: %v", used, len(p), err)
		}
	}
}

func TestControlLinesBetweenMessages(t *testing.T) {
	t.Parallel()
	in := newInbox("MSG a 1 16\r\n", testSize, nil)
	x := &client{in: in, pongs: newProgress()}
	p := bytes.Join([][]byte{[]byte("INFO {}\r\n"), delivered(0, 2), []byte("PONG\r\n"), delivered(2, 1), []byte("PON")}, nil)
	used, err := x.take(p)
	if err != nil || used != len(p)-3 || in.taken().count() != 3 || x.pongs.count() != 1 {
		t.Errorf("took %d of %d, %d messages, %d PONG, error %v", used, len(p), in.taken().count(), x.pongs.count(), err)
	}
	if _, err := x.take([]byte("-ERR 'no'\r\n")); err == nil {
		t.Error("no error for -ERR")
	}
}
