package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/nuid"
)

// issuedPrefix begins the secrets that the API has made, so that a scan for leaked secrets finds them.
const issuedPrefix = "ndt_"

// mostIssued bounds the tokens that the API keeps.
const mostIssued = 1000

// issuedTokens are the tokens that the API has made, in a file or, without one, in memory. They are found
// by the digest of their secret, which is long and random. It is safe for concurrent use.
type issuedTokens struct {
	path string // empty is in memory

	changing sync.Mutex // held while a change is written
	now      atomic.Pointer[tokenTable]
}

// tokenTable is the state of the tokens at one moment. It is immutable.
type tokenTable struct {
	list   []*issuedToken // by age
	byHash map[secretHash]*issuedToken
}

type secretHash = [sha256.Size]byte

// issuedToken is one token. It is immutable but for the time of its last use.
type issuedToken struct {
	token
	hash     secretHash
	previous secretHash // taken until
	until    time.Time  // zero: there is none
	note     string
	created  time.Time
	by       string
	used     *atomic.Int64 // Unix nanoseconds; shared with the token before a rotation
}

func newIssuedTokens(path string, list []*issuedToken) *issuedTokens {
	i := &issuedTokens{path: path}
	i.now.Store(tableOf(list))
	return i
}

func tableOf(list []*issuedToken) *tokenTable {
	t := &tokenTable{list: list, byHash: make(map[secretHash]*issuedToken, len(list))}
	for _, one := range list {
		t.byHash[one.hash] = one
		if !one.until.IsZero() {
			t.byHash[one.previous] = one
		}
	}
	return t
}

// find returns the token with that secret, nil if there is none.
func (i *issuedTokens) find(secret string) *token {
	if !strings.HasPrefix(secret, issuedPrefix) {
		return nil
	}
	sum := sha256.Sum256([]byte(secret))
	one := i.now.Load().byHash[sum]
	if one == nil || one.hash != sum && !time.Now().Before(one.until) {
		return nil
	}
	one.used.Store(time.Now().UnixNano())
	return &one.token
}

func (t *tokenTable) get(id string) *issuedToken {
	for _, one := range t.list {
		if one.who.subject == id {
			return one
		}
	}
	return nil
}

// newSecret makes a secret and its digest.
func newSecret() (string, secretHash) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	secret := issuedPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	return secret, sha256.Sum256([]byte(secret))
}

// newTokenID names a token.
func newTokenID() string { return "t-" + nuid.Next() }

var (
	errNoToken       = errors.New("there is no such token")
	errTooManyTokens = errors.New("there are too many tokens")
)

// add keeps a new token.
func (i *issuedTokens) add(one *issuedToken) error {
	return i.change(func(list []*issuedToken) ([]*issuedToken, error) {
		if len(list) >= mostIssued {
			return nil, errTooManyTokens
		}
		return append(list, one), nil
	})
}

// replace puts next in the place of a token; nil removes it.
func (i *issuedTokens) replace(one, next *issuedToken) error {
	return i.change(func(list []*issuedToken) ([]*issuedToken, error) {
		for at, x := range list {
			switch {
			case x != one:
			case next == nil:
				return append(list[:at], list[at+1:]...), nil
			default:
				list[at] = next
				return list, nil
			}
		}
		return nil, errNoToken // somebody else was faster
	})
}

// change makes one change: all of it, in the file and in force, or nothing. Expired tokens go with it.
func (i *issuedTokens) change(edit func(list []*issuedToken) ([]*issuedToken, error)) error {
	i.changing.Lock()
	defer i.changing.Unlock()
	var list []*issuedToken
	for _, one := range i.now.Load().list {
		if !one.who.expired() {
			list = append(list, one)
		}
	}
	list, err := edit(list)
	if err != nil {
		return err
	}
	if err := writeTokens(i.path, list); err != nil {
		return err
	}
	i.now.Store(tableOf(list))
	return nil
}
