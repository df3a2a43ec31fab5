package wire

// The verbs of messages as clients write them.
const (
	quickPub  = "PUB "
	quickHPub = "HPUB "
)

// quick reads a message that is there as a whole, in the form in which clients send nearly all of them:
// capitals, single blanks, CR LF. It returns its length, or 0 for whatever else there is, right or
// wrong: that is for [Decoder.parse], with which quick has to agree.
func (d *Decoder) quick() int {
	a, p := &d.Args, d.in
	verb, sizes := len(quickPub), 1
	switch {
	case len(p) < len(quickHPub) || d.Limits.ConnectFirst || d.Limits.Peer:
		return 0
	case string(p[:len(quickPub)]) == quickPub:
	case string(p[:len(quickHPub)]) == quickHPub && d.Limits.Headers:
		verb, sizes = len(quickHPub), 2
	default:
		return 0
	}

	subject := subjectEnd(p, verb, a.Subject)
	if subject == verb || subject == len(p) {
		return 0
	}
	var first, before, last []byte // of what follows the subject: a reply, perhaps, and one or two sizes
	n, line := 0, subject
	for ; p[line] == ' '; n++ {
		start := line + 1
		line = tokenEnd(p, start)
		if n > sizes || line == start || line+1 >= len(p) {
			return 0
		}
		before, last = last, p[start:line]
		if n == 0 {
			first = last
		}
	}
	if n < sizes || p[line] != '\r' || p[line+1] != '\n' || line-verb > d.Limits.ControlLine {
		return 0
	}

	size := parseSize(last)
	body := line + len(CRLF)
	end := body + size
	if size < 0 || d.Limits.Payload >= 0 && size > d.Limits.Payload || end+1 >= len(p) || p[end] != '\r' || p[end+1] != '\n' {
		return 0
	}
	header, token := NoHeader, []byte(nil)
	if sizes == 2 {
		token = before
		if header = parseSize(token); header < 0 || header > size {
			return 0
		}
	}
	a.Subject, a.Reply, a.Body, a.Line = p[verb:subject], nil, p[body:end], p[verb:line]
	if n > sizes {
		a.Reply = first
	}
	a.HeaderLen, a.HeaderTok, a.SizeTok = header, token, last
	return end + len(CRLF)
}

// subjectEnd is tokenEnd for a token that is likely to be the same as last.
func subjectEnd(p []byte, start int, last []byte) int {
	if end := start + len(last); end < len(p) && p[end] == ' ' && string(p[start:end]) == string(last) {
		return end
	}
	return tokenEnd(p, start)
}

// tokenEnd returns where the token that begins at start ends.
func tokenEnd(p []byte, start int) int {
	for start < len(p) && p[start] > ' ' {
		start++
	}
	return start
}
