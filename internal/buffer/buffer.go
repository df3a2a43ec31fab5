package buffer

import (
	"math/bits"
	"sync"
)

// Sizes in bytes: of the smallest buffer, and of the largest that a connection should read into or
// collect what it sends in. Larger ones are for single messages of that length.
const (
	Min = 1 << minShift
	Max = 64 << 10
)

// The size classes are powers of two. A request above the largest, which takes a message of the usual
// limit of 1 MB with its control line, is served by the allocator and not kept.
const (
	largest = 1 << maxShift

	minShift = 9  // 512 B
	maxShift = 21 // 2 MB
)

// The pools hold *array of each class: a pointer goes into an interface without allocating, a
// slice header would not.
var pools [maxShift - minShift + 1]sync.Pool

// Get returns an empty slice with room for at least n bytes. The caller owns it until [Put].
func Get(n int) []byte {
	if n > largest {
		return make([]byte, 0, n)
	}
	c := class(n)
	if p, ok := pools[c].Get().(*byte); ok {
		return unsafeSlice(p, Min<<c)[:0]
	}
	return make([]byte, 0, Min<<c)
}

// Put gives b back; b and every slice of it must not be used afterwards. Slices that did not come
// from [Get] are left to the garbage collector.
func Put(b []byte) {
	n := cap(b)
	if n < Min || n > largest || n&(n-1) != 0 {
		return
	}
	pools[class(n)].Put(&b[:1][0])
}

// Grow returns a slice that holds b's bytes and has room for n more. It gives b back to the pool
// when it has to move.
func Grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	next := Get(max(len(b)+n, 2*cap(b)))
	next = append(next, b...)
	Put(b)
	return next
}

// Skip drops the first n bytes of v, of which there must be that many. It changes the slices in v but
// not the bytes.
func Skip(v [][]byte, n int) [][]byte {
	for len(v) > 0 && n >= len(v[0]) {
		n -= len(v[0])
		v = v[1:]
	}
	if n > 0 {
		v[0] = v[0][n:]
	}
	return v
}

// First returns the first n bytes of v, or all if there are no more. It changes the slices in v but not the
// bytes.
func First(v [][]byte, n int) [][]byte {
	for i := range v {
		if n <= len(v[i]) {
			v[i] = v[i][:n]
			return v[:i+1]
		}
		n -= len(v[i])
	}
	return v
}

// class returns the smallest size class that holds n bytes.
func class(n int) int {
	if n <= Min {
		return 0
	}
	return bits.Len(uint(n-1)) - minShift
}
