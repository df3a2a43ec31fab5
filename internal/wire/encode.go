package wire

import "strings"

// CRLF ends every control line and every payload.
const CRLF = "\r\n"

// Whole answers.
const (
	LinePing = "PING\r\n"
	LinePong = "PONG\r\n"
	LineOK   = "+OK\r\n"
)

// AppendMsg appends the control line of MSG. size is the length of the payload in decimal digits;
// an empty reply is left out.
func AppendMsg(dst, subject []byte, sid string, reply, size []byte) []byte {
	dst = append(dst, "MSG "...)
	dst = appendAddress(dst, subject, sid, reply)
	dst = append(dst, size...)
	return append(dst, CRLF...)
}

// AppendHMsg appends the control line of HMSG. header and total are the lengths of the header block
// and of block and payload together, in decimal digits.
func AppendHMsg(dst, subject []byte, sid string, reply, header, total []byte) []byte {
	dst = append(dst, "HMSG "...)
	dst = appendAddress(dst, subject, sid, reply)
	dst = append(dst, header...)
	dst = append(dst, ' ')
	dst = append(dst, total...)
	return append(dst, CRLF...)
}

func appendAddress(dst, subject []byte, sid string, reply []byte) []byte {
	dst = append(dst, subject...)
	dst = append(dst, ' ')
	dst = append(dst, sid...)
	dst = append(dst, ' ')
	if len(reply) > 0 {
		dst = append(dst, reply...)
		dst = append(dst, ' ')
	}
	return dst
}

// MaxMsgLine is an upper bound for the length of a MSG or HMSG control line with these parts.
func MaxMsgLine(subject []byte, sid string, reply []byte) int {
	const verbBlanksAndSizes = 40
	return verbBlanksAndSizes + len(subject) + len(sid) + len(reply)
}

// AppendErr appends -ERR with text in single quotes.
func AppendErr(dst []byte, text string) []byte {
	dst = append(dst, "-ERR '"...)
	dst = append(dst, text...)
	return append(dst, "'\r\n"...)
}

// longestText bounds what PlainText returns.
const longestText = 512

// PlainText makes what a person has written fit for AppendErr: one line, without single quotes, not too
// long.
func PlainText(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r == '\'':
			return '"'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "")
	}
	return text
}

// AppendInfo appends INFO with a JSON object; the blank before the line end is part of the protocol.
func AppendInfo(dst, json []byte) []byte {
	dst = append(dst, "INFO "...)
	dst = append(dst, json...)
	return append(dst, " \r\n"...)
}
