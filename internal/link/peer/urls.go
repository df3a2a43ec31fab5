package peer

import (
	"slices"
	"sync"
)

// URLs are addresses that other servers tell of, each kept as long as some server tells of it. It is
// safe for concurrent use.
type URLs struct {
	mu   sync.Mutex // a leaf
	told map[string][]string
}

// Set replaces what a server tells and reports whether the addresses have changed. Nil forgets the
// server.
func (u *URLs) Set(server string, urls []string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	before := u.allLocked()
	if len(urls) == 0 {
		delete(u.told, server)
	} else {
		if u.told == nil {
			u.told = make(map[string][]string)
		}
		u.told[server] = slices.Clone(urls)
	}
	return !slices.Equal(before, u.allLocked())
}

// All returns the addresses, sorted, each one once.
func (u *URLs) All() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.allLocked()
}

func (u *URLs) allLocked() []string {
	var all []string
	for _, urls := range u.told {
		all = append(all, urls...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
