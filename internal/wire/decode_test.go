package wire

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var open = Limits{ControlLine: 4096, Payload: 1 << 20, Headers: true}

// run decodes chunks and returns one line per operation, the last being the error if any.
func run(limits Limits, chunks ...[]byte) []string {
	d := Decoder{Limits: limits}
	defer d.Release()
	var out []string
	for _, c := range chunks {
		d.Feed(c)
		for {
			op, err := d.Next()
			if err != nil {
				return append(out, "error: "+err.Error())
			}
			if op == NeedMore {
				break
			}
			out = append(out, show(op, &d.Args))
		}
	}
	return out
}

func show(op Op, a *Args) string {
	switch op {
	case Pub:
		return fmt.Sprintf("pub %q %q %d/%q %q %q", a.Subject, a.Reply, a.HeaderLen, a.HeaderTok, a.SizeTok, a.Body)
	case Sub:
		return fmt.Sprintf("sub %q %q %q", a.Subject, a.Queue, a.SID)
	case Unsub:
		return fmt.Sprintf("unsub %q %d", a.SID, a.Max)
	case Connect, Info, Err:
		return fmt.Sprintf("text %d %q", op, a.Text)
	default:
		return fmt.Sprintf("op %d", op)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     []string
	}{
		{"verbs in any case", "ping\r\npOnG\r\n+ok\r\n", []string{"op 6", "op 7", "op 8"}},
		{"junk behind PING", "PING extra words\r\nPINGx\n", []string{"op 6", "op 6"}},
		{"connect", "CONNECT {\"a\":1}\r\n", []string{`text 1 "{\"a\":1}"`}},
		{"connect without a blank", "CONNECT{}\r\n", []string{`text 1 "{}"`}},
		{"pub", "PUB foo 5\r\nhello\r\n", []string{`pub "foo" "" -1/"" "5" "hello"`}},
		{"pub with reply and blanks", "PUB \t foo  bar   005 \r\nhello\r\n", []string{`pub "foo" "bar" -1/"" "005" "hello"`}},
		{"empty pub", "PUB foo 0\r\n\r\n", []string{`pub "foo" "" -1/"" "0" ""`}},
		{"hpub", "HPUB foo r 3 5\r\nhhhpp\r\n", []string{`pub "foo" "r" 3/"3" "5" "hhhpp"`}},
		{"bare line feeds", "SUB foo 1\nPUB foo 2\nhi\r\n", []string{`sub "foo" "" "1"`, `pub "foo" "" -1/"" "2" "hi"`}},
		{"sub with queue", "SUB a.b  q1\t2\r\n", []string{`sub "a.b" "q1" "2"`}},
		{"unsub", "UNSUB 1\r\nUNSUB 2 7\r\nUNSUB 3 x\r\n", []string{`unsub "1" 0`, `unsub "2" 7`, `unsub "3" 0`}},
		{"err", "-ERR 'x'\r\n", []string{`text 9 "'x'"`}},
		{"payload with bare line feed", "PUB foo 2\nhi\nPING\n", []string{"error: unknown protocol operation"}},
		{"payload too long", "PUB foo 2\r\nhello\r\n", []string{"error: unknown protocol operation"}},
		{"payload too short", "PUB foo 9\r\nhello\r\nPING\r\nPING\r\n", []string{"error: unknown protocol operation"}},
		{"server verbs", "MSG foo 1 2\r\n", []string{"error: unknown protocol operation"}},
		{"empty line", "\r\n", []string{"error: unknown protocol operation"}},
		{"leading blank", " PING\r\n", []string{"error: unknown protocol operation"}},
		{"bare verb", "PUB\r\n", []string{"error: unknown protocol operation"}},
		{"verb and blank", "PUB \r\n", []string{"error: malformed arguments"}},
		{"no size", "PUB foo\r\n", []string{"error: malformed arguments"}},
		{"four fields", "PUB foo bar baz 2\r\n", []string{"error: malformed arguments"}},
		{"negative size", "PUB foo -1\r\n", []string{"error: malformed arguments"}},
		{"ten digits", "PUB foo 0000000005\r\n", []string{"error: malformed arguments"}},
		{"header longer than total", "HPUB foo 14 12\r\n", []string{"error: malformed arguments"}},
		{"sub without sid", "SUB foo\r\n", []string{"error: malformed arguments"}},
		{"sub with five fields", "SUB a b c d e f\r\n", []string{"error: malformed arguments"}},
		{"payload limit", "PUB foo 1048577\r\n", []string{"error: payload too large"}},
		{
			"control line limit", "SUB " + strings.Repeat("a", 4094) + " 1\r\nSUB " + strings.Repeat("a", 4095) + " 1\r\n",
			[]string{`sub "` + strings.Repeat("a", 4094) + `" "" "1"`, "error: control line too long"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole := run(open, []byte(tt.in))
			if got, want := strings.Join(whole, "\n"), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if got := strings.Join(run(open, bytesOf(tt.in)...), "\n"); got != strings.Join(whole, "\n") {
				t.Errorf("byte by byte\n%s\nwhole\n%s", got, strings.Join(whole, "\n"))
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if got := run(Limits{ControlLine: 64, ConnectFirst: true}, []byte("GARBAGE")); got[0] != "error: "+ErrConnectFirst.Error() {
		t.Errorf("garbage before CONNECT: %q", got)
	}
	if got := run(Limits{ControlLine: 64}, []byte("HPUB foo 1 2\r\n")); got[0] != "error: "+ErrArguments.Error() {
		t.Errorf("HPUB without headers: %q", got)
	}
	endless := []byte("SUB " + strings.Repeat("x", 70))
	if got := run(Limits{ControlLine: 64}, endless); got[0] != "error: "+ErrControlLine.Error() {
		t.Errorf("endless line: %q", got)
	}
}

// Bytes that the protocol ignores must not pile up.
func TestIgnoredBytesAreNotKept(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"PING", "PUB "} {
		d := Decoder{Limits: open}
		junk := []byte(strings.Repeat(" ", 1<<16))
		d.Feed([]byte(in))
		for range 64 {
			if op, err := d.Next(); op != NeedMore || err != nil {
				t.Fatalf("%q: op %d, err %v", in, op, err)
			}
			d.Feed(junk)
		}
		if _, err := d.Next(); err != nil {
			t.Fatal(err)
		}
		if cap(d.carry) > 1<<18 {
			t.Errorf("%q: %d bytes kept", in, cap(d.carry))
		}
		d.Release()
	}
}

func bytesOf(s string) [][]byte {
	out := make([][]byte, 0, len(s))
	for i := range len(s) {
		out = append(out, []byte(s[i:i+1]))
	}
	return out
}

// Any split of the bytes gives the same operations.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"CONNECT {}\r\nPING\r\n", "PUB foo 5\r\nhello\r\nSUB foo q 1\r\n", "HPUB a b 2 4\r\nhhpp\r\n+OK\r\nUNSUB 1 2\r\n",
		"PUB foo 2\nhi\nPING\n", "SUB fo\ro 1\n", "INFO {}\r\n-ERR 'x'\r\n", "PINGPINGPING\n", "PUB   \t  x 1\r\n1\r\n",
	} {
		f.Add([]byte(s), uint16(3), uint16(7))
	}
	limits := Limits{ControlLine: 64, Payload: 128, Headers: true}
	f.Fuzz(func(t *testing.T, in []byte, i, j uint16) {
		whole := strings.Join(run(limits, in), "\n")
		a, b := int(i)%(len(in)+1), int(j)%(len(in)+1)
		a, b = min(a, b), max(a, b)
		if got := strings.Join(run(limits, in[:a], in[a:b], in[b:]), "\n"); got != whole {
			t.Errorf("split at %d and %d\n%s\nwhole\n%s", a, b, got, whole)
		}
		if got := strings.Join(run(limits, bytesOf(string(in))...), "\n"); got != whole {
			t.Errorf("byte by byte\n%s\nwhole\n%s", got, whole)
		}
	})
}

// The quick way of a message gives what the long one gives, wherever it gives anything.
func FuzzQuick(f *testing.F) {
	for _, s := range []string{
		"PUB foo 5\r\nhello\r\nPUB foo 2\r\nhi\r\n", "PUB foo bar 005\r\nhello\r\n", "HPUB a b 2 4\r\nhhpp\r\nPUB a 0\r\n\r\n",
		"HPUB a 2 4\r\nhhpp\r\nHPUB a 4 2\r\n", "PUB 1 2 3\r\nabc\r\n", "PUB a\rb 1\r\nx\r\n", "PUB a  1\r\nx\r\n",
		"PUB foo 0000000005\r\nhello\r\n", "PUB foo 5\nhello\r\n", "PUB a b c 1\r\nx\r\n",
		"PUB " + strings.Repeat("a", 62) + " 1\r\nx\r\n", "PUB " + strings.Repeat("a", 63) + " 1\r\nx\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d := Decoder{Limits: Limits{ControlLine: 64, Payload: 128, Headers: true}}
		for d.Feed(in); len(d.in) > 0; {
			long := d
			op, n, err := long.parse(d.in)
			if quick := d.quick(); quick > 0 {
				if op != Pub || n != quick || err != nil {
					t.Fatalf("%q: op %d, %d bytes, error %v; quick %d bytes", d.in, op, n, err, quick)
				}
				if got, want := fmt.Sprintf("%+v", d.Args), fmt.Sprintf("%+v", long.Args); got != want {
					t.Fatalf("%q:\n%s quick\n%s", d.in, got, want)
				}
			}
			if op == NeedMore || err != nil {
				return
			}
			d.Args, d.in = long.Args, d.in[n:]
		}
	})
}

// What clients send takes the quick way.
func TestQuick(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"PUB foo 5\r\nhello\r\n", "PUB foo.bar _INBOX.1.2 0\r\n\r\n", "HPUB foo 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "HPUB foo bar 2 4\r\nhhpp\r\n",
	} {
		d := Decoder{Limits: open}
		d.Feed([]byte(in))
		if n := d.quick(); n != len(in) {
			t.Errorf("%q: %d bytes", in, n)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	peer := Limits{ControlLine: 4096, Payload: -1, Headers: true, Peer: true}
	for op, limits := range map[string]Limits{
		"PUB foo.bar 16\r\n0123456789abcdef\r\n":                open,
		"pub  foo.bar\trep 16\n0123456789abcdef\r\n":            open,
		"HPUB foo.bar rep 12 16\r\nNATS/1.0\r\n\r\ncdef\r\n":    open,
		"SUB foo.bar q 1\r\n":                                   open,
		"UNSUB 1 10\r\n":                                        open,
		"RMSG $G foo.bar 16\r\n0123456789abcdef\r\n":            peer,
		"RMSG $G foo.bar + rep q r 16\r\n0123456789abcdef\r\n":  peer,
		"HMSG $G foo.bar | q 12 16\r\nNATS/1.0\r\n\r\ncdef\r\n": peer,
		"RS+ $G foo.bar q 3\r\n":                                peer,
	} {
		in, half := []byte(strings.Repeat(op, 100)), len(op)*2/3
		d := Decoder{Limits: limits}
		n := testing.AllocsPerRun(100, func() {
			for _, p := range [][]byte{in, in[:half], in[half:len(op)]} {
				d.Feed(p)
				for {
					op, err := d.Next()
					if err != nil {
						t.Fatal(err)
					}
					if op == NeedMore {
						break
					}
				}
			}
		})
		if n != 0 {
			t.Errorf("%.20q: %v allocs per 101 operations, want 0", op, n)
		}
	}
}

func BenchmarkDecodePub(b *testing.B) {
	in := []byte(strings.Repeat("PUB foo.bar 16\r\n0123456789abcdef\r\n", 100))
	d := Decoder{Limits: open}
	b.ReportAllocs()
	b.SetBytes(int64(len(in) / 100))
	for i := 0; i < b.N; i += 100 {
		d.Feed(in)
		for {
			op, err := d.Next()
			if err != nil {
				b.Fatal(err)
			}
			if op == NeedMore {
				break
			}
		}
	}
}

func ExampleDecoder() {
	d := Decoder{Limits: Limits{ControlLine: 4096, Payload: -1}}
	d.Feed([]byte("PUB greet.joe 5\r\nhello\r\nPI"))
	for {
		op, err := d.Next()
		if op == NeedMore || errors.Is(err, ErrUnknownOp) {
			break
		}
		fmt.Printf("%s %s\n", d.Args.Subject, d.Args.Body)
	}
	// Output: greet.joe hello
}

func TestEncode(t *testing.T) {
	t.Parallel()
	b := func(s string) []byte { return []byte(s) }
	tests := []struct{ got, want string }{
		{string(AppendMsg(nil, b("foo"), "1", nil, b("5"))), "MSG foo 1 5\r\n"},
		{string(AppendMsg(nil, b("foo"), "1", b("re"), b("5"))), "MSG foo 1 re 5\r\n"},
		{string(AppendHMsg(nil, b("foo"), "1", b("re"), b("2"), b("5"))), "HMSG foo 1 re 2 5\r\n"},
		{string(AppendErr(nil, TextStale)), "-ERR 'Stale Connection'\r\n"},
		{string(AppendInfo(nil, b("{}"))), "INFO {} \r\n"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// A connection that has fallen silent must not hold on to buffers, which others could use.
func TestRestKeepsNothing(t *testing.T) {
	t.Parallel()
	for name, chunks := range map[string][]string{
		"whole":     {"SUB foo 1\r\nPUB foo 3\r\nabc\r\n"},
		"split":     {"PUB foo bar 300", "0\r\n" + strings.Repeat("x", 3000) + "\r\n"},
		"blanks":    {"PING   "},
		"bad input": {"PUB foo x\r\n"},
	} {
		d := &Decoder{Limits: Limits{ControlLine: 4096, Payload: -1}}
		var gone atomic.Int32
		for _, chunk := range chunks {
			p := make([]byte, 1<<20)
			runtime.AddCleanup(&p[0], func(*atomic.Int32) { gone.Add(1) }, &gone)
			d.Feed(p[:copy(p, chunk)])
			for op := Ping; op != NeedMore; {
				op, _ = d.Next()
			}
		}
		d.Rest()
		for end := time.Now().Add(5 * time.Second); int(gone.Load()) < len(chunks) && time.Now().Before(end); {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
		if int(gone.Load()) < len(chunks) || d.lent != nil {
			t.Errorf("%s: %d of %d reads are let go, %d bytes are lent", name, gone.Load(), len(chunks), cap(d.lent))
		}
		runtime.KeepAlive(d)
	}
}
