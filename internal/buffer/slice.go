package buffer

import "unsafe"

// unsafeSlice turns the first byte of a pooled array back into the whole array. Only [Put] stores
// such pointers, and only for arrays of exactly size bytes.
func unsafeSlice(first *byte, size int) []byte {
	return unsafe.Slice(first, size)
}
