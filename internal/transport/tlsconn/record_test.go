//go:build unix

package tlsconn

import (
	"encoding/binary"
	"slices"
	"testing"
)

func TestRecordEndsPieces(t *testing.T) {
	t.Parallel()
	bodies := []int{1400, 1, 0, 16384 + 256, 0xffff, 6}
	var stream []byte
	var want []int // ends of pieces
	for _, n := range bodies {
		stream = append(stream, 23, 3, 3)
		stream = binary.BigEndian.AppendUint16(stream, uint16(n))
		want = append(want, len(stream))
		if n > 0 {
			stream = append(stream, make([]byte, n)...)
			want = append(want, len(stream))
		}
	}
	for _, most := range []int{1, 3, 5, 1000, len(stream)} {
		var r record
		var got []int
		for at := 0; at < len(stream); {
			n := min(most, r.rest(), len(stream)-at)
			whole := n == r.rest()
			r.pass(stream[at : at+n])
			if at += n; whole {
				got = append(got, at)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d bytes at a time: pieces end at %d, want %d", most, got, want)
		}
	}
}
