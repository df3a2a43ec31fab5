package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
)

// mostKnown bounds how many accepted passwords are remembered.
const mostKnown = 4096

// known remembers which passwords bcrypt has accepted: clients that come back, or come in numbers, as
// after a restart, do not wait for one comparison each until their patience ends. It holds digests
// under a key that this process makes up and shows to nobody. A changed hash is a new secret, so
// nothing has to be forgotten by a reload. It is safe for concurrent use.
type known struct {
	key [sha256.Size]byte

	mu      sync.RWMutex // a leaf
	digests map[[sha256.Size]byte]struct{}
}

func newKnown() *known {
	k := &known{digests: map[[sha256.Size]byte]struct{}{}}
	_, _ = rand.Read(k.key[:]) // never fails
	return k
}

// digest stands for the fact that given fits hash. Hashes have one length, so that the two cannot be
// taken apart in another way.
func (k *known) digest(hash, given string) (d [sha256.Size]byte) {
	h := hmac.New(sha256.New, k.key[:])
	_, _ = h.Write([]byte(hash)) // never fails
	_, _ = h.Write([]byte(given))
	h.Sum(d[:0])
	return d
}

// has tells whether bcrypt has accepted given for hash before.
func (k *known) has(hash, given string) bool {
	d := k.digest(hash, given)
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.digests[d]
	return ok
}

// add remembers that bcrypt has accepted given for hash. When there are too many it starts over.
func (k *known) add(hash, given string) {
	d := k.digest(hash, given)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.digests) >= mostKnown {
		clear(k.digests)
	}
	k.digests[d] = struct{}{}
}
