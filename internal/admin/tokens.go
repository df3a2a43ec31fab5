package admin

import (
	"crypto/sha256"
	"strings"
	"sync"
)

// issuedPrefix begins the secrets that the API has made.
const issuedPrefix = "ndt_"

// issuedTokens are the tokens that the API has made. They are found by the digest of their secret, which
// is long and random.
type issuedTokens struct {
	mu     sync.RWMutex // a leaf
	byHash map[[sha256.Size]byte]*token
}

func (i *issuedTokens) find(secret string) *token {
	if !strings.HasPrefix(secret, issuedPrefix) {
		return nil
	}
	sum := sha256.Sum256([]byte(secret))
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.byHash[sum]
}
