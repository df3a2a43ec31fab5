package wire

import (
	"bytes"

	"natsd/internal/buffer"
)

// Decoder turns the bytes of one connection into operations. The zero value with [Limits] set is
// ready for use. It is not safe for concurrent use.
//
// As long as operations arrive whole, nothing is copied; one that is split over several reads is
// put together in a pooled buffer that grows with the bytes received, never with the size claimed: it
// has room for twice of what has arrived at most.
type Decoder struct {
	Args   Args
	Limits Limits

	in    []byte // what is left of the bytes fed last
	carry []byte // the beginning of an operation that is not complete yet
	need  int    // length of the whole operation in carry once it is known, else 0
	lent  []byte // buffer that Args points into; given back by Rest
}

// Feed hands over the bytes of one read. All earlier bytes must have been used up, that is, Next
// has returned NeedMore. p is borrowed until [Decoder.Rest].
func (d *Decoder) Feed(p []byte) {
	d.Rest()
	d.in = p
}

// Rest ends the work on what was fed, when the operations of it have been carried out: the decoder
// keeps nothing of it but the beginning of an operation that is not complete.
func (d *Decoder) Rest() {
	buffer.Put(d.lent)
	d.lent, d.in, d.Args = nil, nil, Args{}
}

// Partial reports whether the beginning of an operation is waiting for its rest.
func (d *Decoder) Partial() bool { return len(d.carry) > 0 }

// Release gives pooled memory back. The decoder must not be used afterwards.
func (d *Decoder) Release() {
	buffer.Put(d.carry)
	buffer.Put(d.lent)
	*d = Decoder{}
}

// Next returns the next operation and fills Args, or NeedMore when the fed bytes are used up.
func (d *Decoder) Next() (Op, error) {
	if len(d.carry) > 0 {
		return d.resume()
	}
	if len(d.in) == 0 {
		return NeedMore, nil
	}
	if n := d.quick(); n > 0 {
		d.in = d.in[n:]
		return Pub, nil
	}
	op, n, err := d.parse(d.in)
	if err != nil {
		return NeedMore, err
	}
	if op == NeedMore {
		d.keep(n)
		return NeedMore, nil
	}
	d.in = d.in[n:]
	return op, nil
}

// keep moves the incomplete operation at the start of in to carry. A positive need is the length
// of the whole operation; a negative one says that only the first -need bytes matter, since what
// follows them is ignored by the protocol.
func (d *Decoder) keep(need int) {
	b := d.in
	if need < 0 {
		b, need = b[:min(len(b), -need)], 0
	}
	d.carry = append(buffer.Get(max(len(b), min(need, 2*len(b)))), b...)
	d.need = need
	d.in = nil
}

// resume completes the operation in carry from in.
func (d *Decoder) resume() (Op, error) {
	if d.need == 0 {
		if done, err := d.resumeLine(); !done || err != nil {
			return NeedMore, err
		}
	}
	if d.need > 0 {
		d.take(d.need - len(d.carry))
		if err := checkTail(d.carry, d.need); err != nil {
			return NeedMore, err
		}
		if len(d.carry) < d.need {
			return NeedMore, nil
		}
	}
	op, _, err := d.parse(d.carry)
	d.lent, d.carry, d.need = d.carry, nil, 0
	return op, err
}

// resumeLine completes the control line in carry. It reports whether the line is complete; need is
// set if a payload follows it.
func (d *Decoder) resumeLine() (bool, error) {
	end := bytes.IndexByte(d.in, '\n') + 1
	if end == 0 {
		end = len(d.in)
	}
	d.take(end)
	op, n, err := d.parse(d.carry)
	switch {
	case err != nil:
		return false, err
	case op != NeedMore:
		return true, nil
	case n > 0:
		d.need = n
		return true, nil
	case n < 0:
		d.carry = d.carry[:min(len(d.carry), -n)]
	}
	return false, nil
}

// take moves up to n bytes from in to carry.
func (d *Decoder) take(n int) {
	n = min(n, len(d.in))
	d.carry = append(buffer.Grow(d.carry, n), d.in[:n]...)
	d.in = d.in[n:]
}

// checkTail checks as much of the CR LF behind a payload as has arrived; need is the length of the
// operation with it.
func checkTail(b []byte, need int) error {
	if len(b) >= need-1 && b[need-2] != '\r' || len(b) >= need && b[need-1] != '\n' {
		return ErrUnknownOp
	}
	return nil
}

// parse reads one operation from the start of b. It returns the operation and its length, or
// NeedMore and what [Decoder.keep] has to know.
func (d *Decoder) parse(b []byte) (Op, int, error) {
	v, err := d.verb(b)
	if err != nil {
		return NeedMore, 0, err
	}
	if v == nil || len(b) == len(v.name) {
		return NeedMore, 0, nil
	}
	start := len(v.name)
	if !v.args {
		if end := bytes.IndexByte(b[start:], '\n'); end >= 0 {
			return v.op, start + end + 1, nil
		}
		return NeedMore, -start, nil
	}
	if !isBlank(b[start]) && v.blank {
		return NeedMore, 0, ErrUnknownOp
	}
	for start < len(b) && isBlank(b[start]) {
		start++
	}
	end := bytes.IndexByte(b[start:], '\n')
	if end < 0 {
		return d.partialLine(b, start, len(v.name))
	}
	line := trimCR(b[start : start+end])
	if len(line) > d.Limits.ControlLine {
		return NeedMore, 0, ErrControlLine
	}
	d.Args.Line = line
	end += start + 1
	switch v.op {
	case Pub:
		return d.pub(b, line, end, v.header)
	case Sub:
		return Sub, end, d.sub(line)
	case Unsub:
		return Unsub, end, d.unsub(line)
	case PeerMsg:
		return d.peerMsg(b, line, end, v)
	case PeerSub:
		return PeerSub, end, d.peerSub(line, v.origin)
	case PeerUnsub:
		return PeerUnsub, end, d.peerUnsub(line, v.origin && d.Limits.Origins)
	default:
		d.Args.Text = line
		return v.op, end, nil
	}
}

// partialLine answers for a control line whose end has not arrived.
func (d *Decoder) partialLine(b []byte, start, verb int) (Op, int, error) {
	if start == len(b) {
		return NeedMore, -min(start, verb+1), nil // any number of blanks is as good as one
	}
	n := len(b) - start
	if bytes.IndexByte(b[start:], '\r') >= 0 {
		n-- // see trimCR
	}
	if n > d.Limits.ControlLine {
		return NeedMore, 0, ErrControlLine
	}
	return NeedMore, 0, nil
}

type verb struct {
	name   string // lower case
	op     Op
	args   bool
	blank  bool // a blank has to follow the name
	header bool
	origin bool // the first argument is the origin
}

var (
	verbConnect = verb{name: "connect", op: Connect, args: true}
	verbInfo    = verb{name: "info", op: Info, args: true}
	verbPub     = verb{name: "pub", op: Pub, args: true, blank: true}
	verbHPub    = verb{name: "hpub", op: Pub, args: true, blank: true, header: true}
	verbSub     = verb{name: "sub", op: Sub, args: true, blank: true}
	verbUnsub   = verb{name: "unsub", op: Unsub, args: true, blank: true}
	verbPing    = verb{name: "ping", op: Ping}
	verbPong    = verb{name: "pong", op: Pong}
	verbOK      = verb{name: "+ok", op: OK}
	verbErr     = verb{name: "-err", op: Err, args: true, blank: true}
)

// verb returns the verb that b starts with, nil when b is too short to tell. A wrong byte is an
// error as soon as it is there.
func (d *Decoder) verb(b []byte) (*verb, error) {
	if d.Limits.ConnectFirst && b[0]|0x20 != 'c' {
		return nil, ErrConnectFirst
	}
	if d.Limits.Peer {
		return peerVerb(b)
	}
	var v *verb
	switch b[0] {
	case 'P', 'p':
		if len(b) < 2 {
			return nil, nil
		}
		switch b[1] {
		case 'U', 'u':
			v = &verbPub
		case 'I', 'i':
			v = &verbPing
		case 'O', 'o':
			v = &verbPong
		default:
			return nil, ErrUnknownOp
		}
	case 'H', 'h':
		v = &verbHPub
	case 'S', 's':
		v = &verbSub
	case 'U', 'u':
		v = &verbUnsub
	case 'C', 'c':
		v = &verbConnect
	case 'I', 'i':
		v = &verbInfo
	case '+':
		v = &verbOK
	case '-':
		v = &verbErr
	default:
		return nil, ErrUnknownOp
	}
	return v.spelled(b)
}

// spelled returns v if b begins with its name, nil if b is too short to tell.
func (v *verb) spelled(b []byte) (*verb, error) {
	for i := 1; i < len(v.name); i++ {
		if i == len(b) {
			return nil, nil
		}
		if b[i]|0x20 != v.name[i] {
			return nil, ErrUnknownOp
		}
	}
	return v, nil
}

// pub reads the arguments of PUB and HPUB and the payload behind them. end is where the control
// line of b ends.
func (d *Decoder) pub(b, line []byte, end int, header bool) (Op, int, error) {
	var f [5][]byte
	n, fixed := split(line, &f), 1
	a := &d.Args
	a.HeaderLen, a.HeaderTok = NoHeader, nil
	if header {
		if !d.Limits.Headers {
			return NeedMore, 0, ErrArguments
		}
		fixed = 2
	}
	switch n - fixed {
	case 1:
		a.Subject, a.Reply = f[0], nil
	case 2:
		a.Subject, a.Reply = f[0], f[1]
	default:
		return NeedMore, 0, ErrArguments
	}
	a.SizeTok = f[n-1]
	size := parseSize(a.SizeTok)
	if size < 0 {
		return NeedMore, 0, ErrArguments
	}
	if header {
		a.HeaderTok = f[n-2]
		a.HeaderLen = parseSize(a.HeaderTok)
		if a.HeaderLen < 0 || a.HeaderLen > size {
			return NeedMore, 0, ErrArguments
		}
	}
	return d.payload(Pub, b, end, size)
}

// payload takes the size bytes behind the control line of op, which ends at end.
func (d *Decoder) payload(op Op, b []byte, end, size int) (Op, int, error) {
	if d.Limits.Payload >= 0 && size > d.Limits.Payload {
		return NeedMore, 0, ErrPayload
	}
	need := end + size + len(CRLF)
	if err := checkTail(b, need); err != nil {
		return NeedMore, 0, err
	}
	if len(b) < need {
		return NeedMore, need, nil
	}
	d.Args.Body = b[end : end+size]
	return op, need, nil
}

func (d *Decoder) sub(line []byte) error {
	var f [5][]byte
	switch split(line, &f) {
	case 2:
		d.Args.Subject, d.Args.Queue, d.Args.SID = f[0], nil, f[1]
	case 3:
		d.Args.Subject, d.Args.Queue, d.Args.SID = f[0], f[1], f[2]
	default:
		return ErrArguments
	}
	return nil
}

func (d *Decoder) unsub(line []byte) error {
	var f [5][]byte
	d.Args.Max = 0
	switch split(line, &f) {
	case 1:
	case 2:
		d.Args.Max = max(parseSize(f[1]), 0)
	default:
		return ErrArguments
	}
	d.Args.SID = f[0]
	return nil
}

// split cuts line at runs of blanks and returns the number of fields; more than fit into f count
// as len(f).
func split(line []byte, f *[5][]byte) int {
	n, start := 0, -1
	for i, c := range line {
		if c == ' ' || c == '\t' || c == '\r' {
			if start >= 0 {
				f[n] = line[start:i]
				if n++; n == len(f) {
					return n
				}
				start = -1
			}
		} else if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		f[n] = line[start:]
		n++
	}
	return n
}

// sizeDigits is how many digits a size may have.
const sizeDigits = 9

// parseSize reads one to sizeDigits decimal digits; anything else is -1.
func parseSize(b []byte) int {
	if len(b) == 0 || len(b) > sizeDigits {
		return -1
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// trimCR drops the last byte of a control line that holds a CR anywhere, as nats-server does.
func trimCR(line []byte) []byte {
	n := len(line)
	if n > 0 && (line[n-1] == '\r' || bytes.IndexByte(line, '\r') >= 0) {
		return line[:n-1]
	}
	return line
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
