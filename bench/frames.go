package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	seqLen     = 8  // bytes of the number at the start of each payload
	checkEvery = 64 // messages between two whose whole payload is compared
	digits     = 8  // of a number within a subject
)

// rewriter changes the digits in a control line that differ from message to message.
type rewriter func(line []byte, seq uint64)

// filler is the payload behind the number.
func filler(size int) []byte {
	b := make([]byte, size-seqLen)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return b
}

// putDigits writes v in hexadecimal.
func putDigits(dst []byte, v uint64) {
	const hex = "0123456789abcdef"
	for i := digits - 1; i >= 0; i-- {
		dst[i] = hex[v&15]
		v >>= 4
	}
}

// laneShift is where a number tells which publisher it is from; below it they count.
const laneShift = 48

// batch is a run of encoded messages of one length, which only need their numbers.
type batch struct {
	frames  []byte
	stride  int
	seqAt   int
	n       int
	rewrite rewriter // nil if all control lines are equal
}

// newBatch encodes as many messages with that control line as fit into about room bytes, at least one
// and at most most.
func newBatch(line string, size, room, most int, rewrite rewriter) *batch {
	frame := append(append([]byte(line), make([]byte, seqLen)...), filler(size)...)
	frame = append(frame, "\r\n"...)
	n := min(max(1, room/len(frame)), most)
	return &batch{frames: bytes.Repeat(frame, n), stride: len(frame), seqAt: len(line), n: n, rewrite: rewrite}
}

// from returns n messages, at most those of the batch, numbered from first on. They are valid until
// the next call.
func (b *batch) from(first uint64, n int) []byte {
	for i := range n {
		frame := b.frames[i*b.stride:]
		binary.LittleEndian.PutUint64(frame[b.seqAt:], first+uint64(i))
		if b.rewrite != nil {
			b.rewrite(frame[:b.seqAt], first+uint64(i))
		}
	}
	return b.frames[:n*b.stride]
}

// inbox checks the messages that one connection gets. The zero value expects none.
type inbox struct {
	line    []byte // control line of the next message
	tail    []byte // payload behind the number, and CR LF
	rewrite rewriter
	lanes   []lane // one for each publisher

	// gaps allows numbers to be left out, as a member of a queue group sees it. print then sums up
	// which ones came.
	gaps  bool
	print uint64

	// onTake, if set, hears of the messages of each read, of an inbox with one publisher, before they count as
	// taken.
	onTake func(first uint64, n int) error
}

// lane is what comes from one publisher.
type lane struct {
	next  uint64
	fresh int // taken, and not counted in taken yet
	taken *progress
}

func newInbox(line string, size int, rewrite rewriter) *inbox {
	return &inbox{
		line: []byte(line), tail: append(filler(size), "\r\n"...), rewrite: rewrite,
		lanes: []lane{{taken: newProgress()}},
	}
}

// taken counts what has come from the only publisher.
func (b *inbox) taken() *progress { return b.lanes[0].taken }

// begins tells whether p begins with a message rather than a control line of another kind.
func (b *inbox) begins(p []byte) bool { return p[0] == 'M' || p[0] == 'H' }

// take checks the whole messages at the start of p and returns how many bytes they are.
func (b *inbox) take(p []byte) (int, error) {
	if b.line == nil {
		return 0, fmt.Errorf("a message nobody subscribed to: %.60q", p)
	}
	frame, used, n := len(b.line)+seqLen+len(b.tail), 0, 0
	first := b.lanes[0].next
	for len(p)-used >= frame && b.begins(p[used:]) {
		if err := b.check(p[used : used+frame]); err != nil {
			return used, err
		}
		used += frame
		n++
	}
	if n == 0 {
		return 0, nil
	}
	var err error
	if b.onTake != nil {
		err = b.onTake(first, n)
	}
	for i := range b.lanes {
		if l := &b.lanes[i]; l.fresh > 0 {
			l.taken.add(l.fresh)
			l.fresh = 0
		}
	}
	return used, err
}

func (b *inbox) check(frame []byte) error {
	at := len(b.line)
	seq := binary.LittleEndian.Uint64(frame[at:])
	from := seq >> laneShift
	if from >= uint64(len(b.lanes)) {
		return fmt.Errorf("got message %#x, from nobody", seq)
	}
	l := &b.lanes[from]
	if b.rewrite != nil {
		b.rewrite(b.line, l.next)
	}
	if !bytes.Equal(frame[:at], b.line) {
		return fmt.Errorf("message %d: got %.60q, want %q", l.next, frame, b.line)
	}
	seq &= 1<<laneShift - 1
	if seq != l.next && (!b.gaps || seq < l.next) {
		return fmt.Errorf("got message %d, want %d", seq, l.next)
	}
	if b.gaps {
		b.print += mix(seq)
	}
	tail := frame[at+seqLen:]
	if seq%checkEvery == 0 && !bytes.Equal(tail, b.tail) || string(tail[len(tail)-2:]) != "\r\n" {
		return fmt.Errorf("message %d: its payload has changed", seq)
	}
	l.next = seq + 1
	l.fresh++
	return nil
}

// mix spreads the bits of v, so that sums of it tell sets of numbers apart, and random choices by it
// are even.
func mix(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}
