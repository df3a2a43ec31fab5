package wire

import (
	"bytes"
	"strconv"
)

var (
	verbRSub   = verb{name: "rs+", op: PeerSub, args: true, blank: true}
	verbRUnsub = verb{name: "rs-", op: PeerUnsub, args: true, blank: true}
	verbLSub   = verb{name: "ls+", op: PeerSub, args: true, blank: true, origin: true}
	verbLUnsub = verb{name: "ls-", op: PeerUnsub, args: true, blank: true, origin: true}
	verbRMsg   = verb{name: "rmsg", op: PeerMsg, args: true, blank: true}
	verbRHMsg  = verb{name: "hmsg", op: PeerMsg, args: true, blank: true, header: true}
	verbLMsg   = verb{name: "lmsg", op: PeerMsg, args: true, blank: true, header: true, origin: true}
	verbAdd    = verb{name: "a+", op: Ignored, args: true, blank: true}
	verbRemove = verb{name: "a-", op: Ignored, args: true, blank: true}
	verbNoSub  = verb{name: "sub", op: Ignored, args: true, blank: true}
	verbNoUns  = verb{name: "unsub", op: Ignored, args: true, blank: true}
)

// peerVerb is [Decoder.verb] between servers.
func peerVerb(b []byte) (*verb, error) {
	second := byte(0)
	if len(b) > 1 {
		second = b[1] | 0x20
	}
	var v *verb
	switch b[0] | 0x20 {
	case 'r':
		switch {
		case second == 'm':
			v = &verbRMsg
		case len(b) > 2 && b[2] == '-':
			v = &verbRUnsub
		default:
			v = &verbRSub
		}
	case 'h':
		v = &verbRHMsg
	case 'l':
		switch {
		case second == 'm':
			v = &verbLMsg
		case len(b) > 2 && b[2] == '-':
			v = &verbLUnsub
		default:
			v = &verbLSub
		}
	case 'p':
		v = &verbPing
		if second == 'o' {
			v = &verbPong
		}
	case 'a':
		v = &verbAdd
		if len(b) > 1 && b[1] == '-' {
			v = &verbRemove
		}
	case 's':
		v = &verbNoSub
	case 'u':
		v = &verbNoUns
	case 'c':
		v = &verbConnect
	case 'i':
		v = &verbInfo
	default:
		switch b[0] {
		case '+':
			v = &verbOK
		case '-':
			v = &verbErr
		default:
			return nil, ErrUnknownOp
		}
	}
	return v.spelled(b)
}

// place reads the origin, the account and the subject at the start of line, as far as they have to be
// there, and returns what follows them.
func (d *Decoder) place(line []byte, origin bool) ([]byte, error) {
	a := &d.Args
	a.Origin, a.Account = nil, nil
	if origin {
		a.Origin, line = NextField(line)
	}
	if !d.Limits.Pinned {
		a.Account, line = NextField(line)
	}
	a.Subject, line = NextField(line)
	if len(a.Subject) == 0 {
		return nil, ErrArguments
	}
	return line, nil
}

// peerSub reads the arguments of RS+ and LS+.
func (d *Decoder) peerSub(line []byte, origin bool) error {
	rest, err := d.place(line, origin)
	if err != nil {
		return err
	}
	queue, rest := NextField(rest)
	weight, rest := NextField(rest)
	if (len(queue) == 0) != (len(weight) == 0) || !blank(rest) {
		return ErrArguments
	}
	d.Args.Queue, d.Args.Weight = queue, parseSize(weight)
	return nil
}

// peerUnsub reads the arguments of RS- and LS-.
func (d *Decoder) peerUnsub(line []byte, origin bool) error {
	rest, err := d.place(line, origin)
	if err != nil {
		return err
	}
	d.Args.Queue, rest = NextField(rest)
	if !blank(rest) {
		return ErrArguments
	}
	return nil
}

// peerMsg reads the arguments of RMSG, HMSG and LMSG and the payload behind them. end is where the
// control line of b ends.
func (d *Decoder) peerMsg(b, line []byte, end int, v *verb) (Op, int, error) {
	rest, err := d.place(line, v.origin)
	if err != nil {
		return NeedMore, 0, err
	}
	a := &d.Args
	rest, a.SizeTok = lastField(rest)
	size, head := parseSize(a.SizeTok), NoHeader
	a.HeaderTok = nil
	if v.header {
		rest, a.HeaderTok = lastField(rest)
		if head = parseSize(a.HeaderTok); head < 0 || head > size {
			return NeedMore, 0, ErrArguments
		}
		if head == 0 {
			head, a.HeaderTok = NoHeader, nil // LMSG always has the field
		}
	}
	if size < 0 {
		return NeedMore, 0, ErrArguments
	}
	a.HeaderLen = head
	if err := d.addressees(rest); err != nil {
		return NeedMore, 0, err
	}
	return d.payload(PeerMsg, b, end, size)
}

// addressees reads what stands between the subject and the sizes: a reply, or queue groups with or
// without one.
func (d *Decoder) addressees(line []byte) error {
	a := &d.Args
	first, rest := NextField(line)
	if blank(rest) {
		a.Reply, a.Groups = first, nil
		return nil
	}
	switch string(first) {
	case "+":
		a.Reply, a.Groups = NextField(rest)
	case "|":
		a.Reply, a.Groups = nil, rest
	default:
		return ErrArguments
	}
	return nil
}

// NextField cuts the first field off a line of fields separated by blanks. It is empty when there is
// none.
func NextField(line []byte) (field, rest []byte) {
	start := 0
	for start < len(line) && isSeparator(line[start]) {
		start++
	}
	end := start
	for end < len(line) && !isSeparator(line[end]) {
		end++
	}
	return line[start:end], line[end:]
}

// lastField cuts the last field off.
func lastField(line []byte) (rest, field []byte) {
	end := len(line)
	for end > 0 && isSeparator(line[end-1]) {
		end--
	}
	start := end
	for start > 0 && !isSeparator(line[start-1]) {
		start--
	}
	return line[:start], line[start:end]
}

func isSeparator(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

func blank(line []byte) bool { return len(bytes.TrimLeft(line, " \t\r")) == 0 }

// AppendInterest appends RS+ or RS-. An empty account is left out, as are the queue and its weight of a
// plain subscription; weight 0 makes it RS-.
func AppendInterest(dst []byte, account, subject, queue string, weight int) []byte {
	if weight > 0 {
		dst = append(dst, "RS+ "...)
	} else {
		dst = append(dst, "RS- "...)
	}
	dst = appendAccount(dst, account)
	dst = append(dst, subject...)
	if queue != "" {
		dst = append(dst, ' ')
		dst = append(dst, queue...)
		if weight > 0 {
			dst = append(dst, ' ')
			dst = strconv.AppendInt(dst, int64(weight), 10)
		}
	}
	return append(dst, CRLF...)
}

// AppendPeerMsg begins RMSG, or HMSG for a message with a header: [AppendReply] and [AppendSizes] have
// to follow.
func AppendPeerMsg(dst []byte, account string, subject []byte, header bool) []byte {
	if header {
		dst = append(dst, "HMSG "...)
	} else {
		dst = append(dst, "RMSG "...)
	}
	dst = appendAccount(dst, account)
	dst = append(dst, subject...)
	return append(dst, ' ')
}

// AppendReply appends the reply, if any, in the form for a message to plain subscriptions or in the one
// that the names of queue groups follow, each by [AppendGroup].
func AppendReply(dst, reply []byte, groups bool) []byte {
	switch {
	case len(reply) > 0 && groups:
		dst = append(dst, "+ "...)
	case groups:
		return append(dst, "| "...)
	case len(reply) == 0:
		return dst
	}
	dst = append(dst, reply...)
	return append(dst, ' ')
}

// AppendGroup appends the name of a queue group.
func AppendGroup(dst []byte, name string) []byte {
	dst = append(dst, name...)
	return append(dst, ' ')
}

// AppendSizes ends a control line with the decimal digits of the header's length, unless empty, and of
// the whole length.
func AppendSizes(dst, header, total []byte) []byte {
	if len(header) > 0 {
		dst = append(dst, header...)
		dst = append(dst, ' ')
	}
	dst = append(dst, total...)
	return append(dst, CRLF...)
}

// MaxPeerMsgLine is an upper bound for the length of a control line with these parts and no groups.
func MaxPeerMsgLine(account string, subject, reply []byte) int {
	const verbBlanksAndSizes = 48
	return verbBlanksAndSizes + len(account) + len(subject) + len(reply)
}

func appendAccount(dst []byte, account string) []byte {
	if account == "" {
		return dst
	}
	dst = append(dst, account...)
	return append(dst, ' ')
}

// MaxInterestLine is an upper bound for the length of RS+ and RS- with these parts.
func MaxInterestLine(account, subject, queue string) int {
	const verbBlanksAndWeight = 32
	return verbBlanksAndWeight + len(account) + len(subject) + len(queue)
}
