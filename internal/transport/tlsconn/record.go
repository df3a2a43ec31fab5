//go:build unix

package tlsconn

import "encoding/binary"

const (
	headerSize   = 5
	lengthOffset = 3 // in the header
)

// record follows a stream of TLS records and tells where the next piece ends: a header or a body.
// crypto/tls keeps for good the buffer that it collects a record in. Given no more than the piece that it
// asks for, it needs room for one record; given what happens to be there, for two and more.
type record struct {
	header [headerSize]byte
	have   int // bytes of header that have passed
	body   int // bytes of the body that have not
}

// rest is how many bytes of the current piece have not passed yet.
func (r *record) rest() int {
	if r.body > 0 {
		return r.body
	}
	return headerSize - r.have
}

// pass takes note of bytes that have passed, no more than rest.
func (r *record) pass(p []byte) {
	if r.body > 0 {
		r.body -= len(p)
		return
	}
	r.have += copy(r.header[r.have:], p)
	if r.have == headerSize {
		r.have, r.body = 0, int(binary.BigEndian.Uint16(r.header[lengthOffset:]))
	}
}
