package nuid

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
)

// Size is the length of a NUID.
const Size = prefixSize + countSize

const (
	digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base   = uint64(len(digits))

	prefixSize = 12
	countSize  = 10
	countLimit = base * base * base * base * base * base * base * base * base * base

	minStep, maxStep = 33, 333
)

// Generator makes NUIDs. It is safe for concurrent use; callers that make very
// many take one of their own, so as not to wait for each other. Create it with
// [New].
type Generator struct {
	mu     sync.Mutex // guards all below
	prefix [prefixSize]byte
	count  uint64
	step   uint64
}

// New returns a generator with a seed of its own.
func New() *Generator {
	g := &Generator{}
	g.reseed()
	return g
}

var process = New()

// Next returns a new NUID from the generator of the process.
func Next() string { return process.Next() }

// Next returns a new NUID.
func (g *Generator) Next() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count += g.step; g.count >= countLimit {
		g.reseed()
	}
	var id [Size]byte
	copy(id[:], g.prefix[:])
	n := g.count
	for i := Size - 1; i >= prefixSize; i-- {
		id[i] = digits[n%base]
		n /= base
	}
	return string(id[:])
}

// reseed draws prefix, start and step anew.
func (g *Generator) reseed() {
	fill(g.prefix[:])
	var r [16]byte
	rand.Read(r[:])
	// The remainders favour small numbers by less than one in twenty; nothing
	// depends on more than that they differ.
	g.count = binary.LittleEndian.Uint64(r[:8]) % (countLimit - maxStep)
	g.step = minStep + binary.LittleEndian.Uint64(r[8:])%(maxStep-minStep)
}

// Token returns n random characters of 0-9, A-Z and a-z, each of which carries
// almost six bits that cannot be guessed.
func Token(n int) string {
	b := make([]byte, n)
	fill(b)
	return string(b)
}

// fill draws every digit with the same chance.
func fill(b []byte) {
	const fair = 256 - 256%len(digits) // bytes from here on would favour the first digits
	var r [32]byte
	for i := 0; i < len(b); {
		rand.Read(r[:]) // never fails: the runtime ends the process instead
		for _, c := range r {
			if int(c) < fair && i < len(b) {
				b[i] = digits[int(c)%len(digits)]
				i++
			}
		}
	}
}
