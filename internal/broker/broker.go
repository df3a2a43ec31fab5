package broker

import (
	"slices"
	"strings"
	"sync"
)

// Broker holds the accounts of a server. It is safe for concurrent use.
type Broker struct {
	mu       sync.RWMutex // a leaf
	accounts map[string]*Account
}

// New returns a broker without accounts.
func New() *Broker { return &Broker{accounts: make(map[string]*Account)} }

// Account returns the account of that name, or nil.
func (b *Broker) Account(name string) *Account {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.accounts[name]
}

// Open returns the account of that name and makes it if there is none.
func (b *Broker) Open(name string) *Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[name]
	if a == nil {
		a = newAccount(name)
		b.accounts[name] = a
	}
	return a
}

// Close forgets the account of that name, if nobody is in it. Whoever still holds it finds that nothing
// comes and goes there any more.
func (b *Broker) Close(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.accounts[name]; a != nil && a.Clients() == 0 {
		delete(b.accounts, name)
	}
}

// Accounts returns all accounts, sorted by name.
func (b *Broker) Accounts() []*Account {
	b.mu.RLock()
	all := make([]*Account, 0, len(b.accounts))
	for _, a := range b.accounts {
		all = append(all, a)
	}
	b.mu.RUnlock()
	slices.SortFunc(all, func(x, y *Account) int { return strings.Compare(x.Name, y.Name) })
	return all
}
