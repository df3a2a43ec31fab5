package s2conn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"natsd/internal/buffer"
)

// The framing format: a stream begins with an identifier, everything else comes in chunks of a type, a
// length in three bytes, and a body. Bodies of data begin with a checksum of what they hold.
const (
	streamID = "\xff\x06\x00\x00S2sTwO"
	snappyID = "sNaPpY" // allowed in place of S2sTwO

	chunkCompressed   = 0x00
	chunkUncompressed = 0x01
	chunkReserved     = 0x7f // up to here, chunks of other types must be understood
	chunkStreamID     = 0xff

	headerSize   = 4
	checksumSize = 4

	maxBlock = 4 << 20 // bytes of data in one chunk, by the format
)

var errFormat = errors.New("s2: malformed stream")

// maxChunk bounds what is collected of a chunk: the largest block, and what makes it a chunk.
var maxChunk = headerSize + checksumSize + s2.MaxEncodedLen(maxBlock)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is that of the framing format, which disguises CRC-32C.
func checksum(p []byte) uint32 {
	c := crc32.Update(0, castagnoli, p)
	return c>>15 | c<<17 + 0xa282ead8
}

// deframer turns the chunks of a stream, in pieces of any size, into data.
type deframer struct {
	begun bool   // the stream identifier has been seen
	carry []byte // beginning of a chunk that is not complete; pooled
}

// feed hands the data of all chunks that are complete with p to emit, which borrows it.
func (d *deframer) feed(p []byte, emit func([]byte) error) error {
	for len(p) > 0 {
		if len(d.carry) == 0 {
			size, err := chunkSize(p)
			if err != nil {
				return err
			}
			if size > 0 && len(p) >= size {
				if err := d.chunk(p[:size], emit); err != nil {
					return err
				}
				p = p[size:]
				continue
			}
		}
		rest, err := d.resume(p, emit)
		if err != nil {
			return err
		}
		p = rest
	}
	return nil
}

// resume adds to the chunk that is not complete, and returns what is not part of it.
func (d *deframer) resume(p []byte, emit func([]byte) error) ([]byte, error) {
	if n := headerSize - len(d.carry); n > 0 {
		n = min(n, len(p))
		d.carry = append(buffer.Grow(d.carry, n), p[:n]...)
		p = p[n:]
	}
	size, err := chunkSize(d.carry)
	if err != nil || size == 0 {
		return p, err
	}
	n := min(size-len(d.carry), len(p))
	d.carry = append(buffer.Grow(d.carry, n), p[:n]...)
	if p = p[n:]; len(d.carry) < size {
		return p, nil
	}
	whole := d.carry
	d.carry = nil
	defer buffer.Put(whole)
	return p, d.chunk(whole, emit)
}

// chunkSize is the size of the chunk that p begins with, 0 if that is not known yet. Types that nobody
// knows and sizes that nobody needs are an error before their body arrives.
func chunkSize(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if t := p[0]; t > chunkUncompressed && t <= chunkReserved {
		return 0, fmt.Errorf("%w: chunk of unknown type %#x", errFormat, t)
	}
	if len(p) < headerSize {
		return 0, nil
	}
	size := headerSize + int(p[1]) + int(p[2])<<8 + int(p[3])<<16
	if size > maxChunk {
		return 0, fmt.Errorf("%w: chunk of %d bytes", errFormat, size)
	}
	return size, nil
}

// chunk takes one whole chunk.
func (d *deframer) chunk(c []byte, emit func([]byte) error) error {
	kind, body := c[0], c[headerSize:]
	if kind == chunkStreamID {
		if id := string(body); id != streamID[headerSize:] && id != snappyID {
			return fmt.Errorf("%w: unknown stream identifier", errFormat)
		}
		d.begun = true
		return nil
	}
	switch {
	case !d.begun:
		return fmt.Errorf("%w: no stream identifier", errFormat)
	case kind > chunkReserved:
		return nil // padding and the like
	case len(body) < checksumSize:
		return fmt.Errorf("%w: chunk too short", errFormat)
	}
	sum, body := binary.LittleEndian.Uint32(body), body[checksumSize:]
	if kind == chunkUncompressed {
		if len(body) > maxBlock {
			return fmt.Errorf("%w: block of %d bytes", errFormat, len(body))
		}
		return deliver(body, sum, emit)
	}
	n, err := s2.DecodedLen(body)
	if err != nil || n > maxBlock {
		return fmt.Errorf("%w: block of %d bytes", errFormat, n)
	}
	data := buffer.Get(n)
	defer buffer.Put(data)
	out, err := s2.Decode(data[:cap(data)], body)
	if err != nil {
		return fmt.Errorf("%w: %w", errFormat, err)
	}
	return deliver(out, sum, emit)
}

func deliver(data []byte, sum uint32, emit func([]byte) error) error {
	if checksum(data) != sum {
		return fmt.Errorf("%w: wrong checksum", errFormat)
	}
	if len(data) == 0 {
		return nil
	}
	return emit(data)
}

// Level says how hard the writer tries.
type Level uint8

// The levels. Off passes bytes as they are.
const (
	Off Level = iota
	Uncompressed
	Fast
	Better
	Best
)

// appendChunk appends data, which is at most blockSize long, as one chunk.
func appendChunk(dst, data []byte, level Level) []byte {
	start := len(dst)
	dst = append(dst, chunkCompressed, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, checksum(data))
	head := len(dst)
	if level != Uncompressed {
		dst = buffer.Grow(dst, s2.MaxEncodedLen(len(data)))
		room := dst[head:cap(dst)]
		var block []byte
		switch level {
		case Better:
			block = s2.EncodeBetter(room, data)
		case Best:
			block = s2.EncodeBest(room, data)
		default:
			block = s2.Encode(room, data)
		}
		dst = dst[:head+len(block)]
	}
	if n := len(dst) - head; n == 0 || n >= len(data)-len(data)/8 { // not worth the work of the reader
		dst[start] = chunkUncompressed
		dst = append(dst[:head], data...)
	}
	n := len(dst) - start - headerSize
	dst[start+1], dst[start+2], dst[start+3] = byte(n), byte(n>>8), byte(n>>16)
	return dst
}
