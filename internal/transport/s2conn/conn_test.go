package s2conn

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"

	"natsd/internal/buffer"
)

// pipe is a transport that gives what it is given, in pieces of odd sizes.
type pipe struct {
	sent  bytes.Buffer
	room  int // bytes that a write without waiting takes
	reads [][]byte
	end   error // after that; nil is io.EOF
}

func (p *pipe) Receive(consume func([]byte, bool) error) error {
	for _, r := range p.reads {
		if err := consume(r, false); err != nil {
			return err
		}
	}
	return cmp.Or(p.end, io.EOF)
}

func (p *pipe) Write(v [][]byte, wait bool) (int, error) {
	n := 0
	for _, b := range v {
		if !wait && n+len(b) > p.room {
			b = b[:p.room-n]
			p.sent.Write(b)
			return n + len(b), nil
		}
		p.sent.Write(b)
		n += len(b)
	}
	return n, nil
}

func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
func (p *pipe) Close() error                     { return nil }

// text is data that can be compressed, and noise that cannot.
func text(n int) []byte {
	out := []byte(strings.Repeat("RMSG $G foo.bar 12\r\nhello world!\r\n", n/64))
	for len(out) < n {
		out = append(out, byte(rand.Uint32()))
	}
	return out[:n]
}

func TestOthersUnderstand(t *testing.T) {
	t.Parallel()
	for _, level := range []Level{Uncompressed, Fast, Better, Best} {
		p := &pipe{room: 1000}
		c := New(p)
		plain := []byte("INFO {}\r\n")
		if n, err := c.Write([][]byte{plain}, true); n != len(plain) || err != nil {
			t.Fatal(n, err)
		}
		c.SetLevel(level)
		var want []byte
		for _, size := range []int{1, 10, 3000, 200_000, 5} {
			data := text(size)
			want = append(want, data...)
			v := [][]byte{data[:size/2], data[size/2:]}
			for tries := 0; len(v) > 0; tries++ {
				n, err := c.Write(append([][]byte(nil), v...), tries > 20)
				if err != nil {
					t.Fatal(err)
				}
				rest := bytes.Join(v, nil)[n:]
				if v = [][]byte{rest}; len(rest) == 0 {
					break
				}
			}
		}
		got := p.sent.Bytes()
		if !bytes.HasPrefix(got, append(plain, streamID...)) {
			t.Fatalf("level %d: stream begins with %q", level, got[:30])
		}
		out, err := io.ReadAll(s2.NewReader(bytes.NewReader(got[len(plain):])))
		if err != nil || !bytes.Equal(out, want) {
			t.Errorf("level %d: %v, %d bytes of %d", level, err, len(out), len(want))
		}
		if level != Uncompressed && p.sent.Len() > len(want)*3/4 {
			t.Errorf("level %d: %d bytes for %d", level, p.sent.Len(), len(want))
		}
	}
}

func TestUnderstandsOthers(t *testing.T) {
	t.Parallel()
	for _, opt := range []s2.WriterOption{s2.WriterUncompressed(), s2.WriterBetterCompression(), s2.WriterBestCompression(), s2.WriterPadding(512)} {
		var stream bytes.Buffer
		var want []byte
		for range 2 { // a second writer begins a second stream
			w := s2.NewWriter(&stream, opt, s2.WriterConcurrency(1))
			for _, size := range []int{1, 100, 70_000, 3_000_000} {
				data := text(size)
				want = append(want, data...)
				if _, err := w.Write(data); err != nil {
					t.Fatal(err)
				}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		p := &pipe{reads: [][]byte{[]byte("INFO {}\r\n")}}
		for b := stream.Bytes(); len(b) > 0; {
			n := min(len(b), 1+rand.IntN(9000))
			p.reads = append(p.reads, b[:n])
			b = b[n:]
		}
		c := New(p)
		var got []byte
		err := c.Receive(func(b []byte, _ bool) error {
			if !c.reads {
				c.Decompress()
				return nil
			}
			got = append(got, b...)
			return nil
		})
		if !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
			t.Errorf("%v, %d bytes of %d", err, len(got), len(want))
		}
	}
}

func TestMalformedStreams(t *testing.T) {
	t.Parallel()
	good := appendChunk([]byte(streamID), text(100), Fast)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	bomb := append([]byte(streamID), 0x00, 9, 0, 0, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0x0f)
	for name, in := range map[string][]byte{
		"no identifier": good[len(streamID):], "wrong sum": flipped, "bomb": bomb,
		"unknown chunk": append([]byte(streamID), 0x33), "short": append([]byte(streamID), 1, 2, 0, 0, 9, 9),
		"large block": append([]byte(streamID), 0x01, 0xff, 0xff, 0xff), "much padding": append([]byte(streamID), 0xfe, 0xff, 0xff, 0xff),
		"other stream": []byte("\xff\x06\x00\x00S2sTwX"), "not a stream": []byte("RMSG $G foo 1\r\nx\r\n"),
	} {
		var d deframer
		if err := d.feed(in, func([]byte) error { return nil }); !errors.Is(err, errFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIdleConnectionsHoldNothing(t *testing.T) {
	t.Parallel()
	var d deframer
	if err := d.feed(appendChunk([]byte(streamID), text(5000), Fast), func([]byte) error { return nil }); err != nil || d.carry != nil {
		t.Error(err, len(d.carry))
	}
	c := New(&pipe{})
	c.SetLevel(Fast)
	if _, err := c.Write([][]byte{text(5000)}, true); err != nil || c.out != nil {
		t.Error(err, len(c.out))
	}
}

// A chunk of which a part has come is neither lost nor given away when the transport is left for a while.
func TestReceiveGoesOnAfterADeadline(t *testing.T) {
	t.Parallel()
	want := text(2 * blockSize)
	stream := []byte(streamID)
	for b := want; len(b) > 0; b = b[blockSize:] {
		stream = appendChunk(stream, b[:blockSize], Uncompressed)
	}
	p := &pipe{end: os.ErrDeadlineExceeded}
	c := New(p)
	c.Decompress()
	var got []byte
	for i := 0; len(stream) > 0; i++ {
		n := min(len(stream), 3+i*10_000)
		p.reads, stream = [][]byte{stream[:n]}, stream[n:]
		err := c.Receive(func(b []byte, _ bool) error {
			got = append(got, b...)
			return nil
		})
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		other := buffer.Get(len(c.in.carry)) // by somebody else
		clear(other[:cap(other)])
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, or others", len(got), len(want))
	}
	p.reads, p.end = nil, io.EOF
	if err := c.Receive(func([]byte, bool) error { return nil }); !errors.Is(err, io.EOF) || c.in.carry != nil {
		t.Errorf("%v, %d bytes kept at the end", err, len(c.in.carry))
	}
}

// Whatever comes, and however it is cut, the result is the same and the memory bounded.
func FuzzDeframe(f *testing.F) {
	f.Add(appendChunk(appendChunk([]byte(streamID), text(300), Fast), text(50), Uncompressed), 7)
	f.Add([]byte(streamID+"\xfe\x02\x00\x00ab\x01\x05\x00\x00abcdx"), 3)
	f.Add([]byte(streamID+"\x00\x09\x00\x00\x01\x02\x03\x04\xff\xff\xff\xff\x0f"), 12)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		run := func(step int) (string, bool) {
			var d deframer
			var out []byte
			for p := in; len(p) > 0; {
				n := min(step, len(p))
				if err := d.feed(p[:n], func(b []byte) error { out = append(out, b...); return nil }); err != nil {
					return string(out), false
				}
				p = p[n:]
			}
			if len(d.carry) > len(in) {
				t.Errorf("%d bytes kept of %d", len(d.carry), len(in))
			}
			return string(out), true
		}
		whole, ok := run(len(in) + 1)
		cut, okCut := run(max(1, step%64))
		if whole != cut || ok != okCut {
			t.Errorf("%v %q, in pieces %v %q", ok, whole, okCut, cut)
		}
	})
}
