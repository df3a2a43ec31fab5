package system

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"github.com/klauspost/compress/s2"

	"natsd/internal/header"
)

// encoding is a form of an answer. Its text stands in the header of the answer.
type encoding string

// The encodings.
const (
	plain  encoding = ""
	snappy encoding = "snappy" // the framed form
	zipped encoding = "gzip"
)

// accepted chooses the encoding for a list that the requester accepts.
func accepted(list string) encoding {
	list = strings.ToLower(list)
	switch {
	case strings.Contains(list, "snappy"), strings.Contains(list, "s2"):
		return snappy
	case strings.Contains(list, "gzip"):
		return zipped
	default:
		return plain
	}
}

// wrap returns a body in the encoding and the header block that says so.
func (e encoding) wrap(body []byte) (head, encoded []byte) {
	var buf bytes.Buffer
	var w io.WriteCloser
	switch e {
	case snappy:
		w = s2.NewWriter(&buf, s2.WriterSnappyCompat(), s2.WriterConcurrency(1))
	case zipped:
		w = gzip.NewWriter(&buf)
	default:
		return nil, body
	}
	if _, err := w.Write(body); err != nil || w.Close() != nil {
		return nil, body // unreachable: a buffer takes everything
	}
	head = header.AppendEnd(header.AppendField(header.AppendStart(nil), "Content-Encoding", string(e)))
	return head, buf.Bytes()
}
