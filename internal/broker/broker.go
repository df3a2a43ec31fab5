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
	opened   func(*Account) // nil: nobody wants to know
}

// OnOpen has f called with every account that is made from now on, by the goroutine that opens it.
func (b *Broker) OnOpen(f func(*Account)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened = f
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
	a, tell := b.open(name)
	if tell != nil {
		tell(a)
	}
	return a
}

// open returns whom to tell if the account is new.
func (b *Broker) open(name string) (*Account, func(*Account)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[name]
	if a != nil {
		a.retired.Store(false)
		return a, nil
	}
	a = newAccount(name, b)
	b.accounts[name] = a
	return a, b.opened
}

// Close forgets the account of that name as soon as nobody is in it, unless it is opened again before.
// Nobody can join it then.
func (b *Broker) Close(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.accounts[name]; a != nil {
		a.retired.Store(true)
		b.forgetLocked(a)
	}
}

// left is told that the last client has left an account that was closed.
func (b *Broker) left(a *Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgetLocked(a)
}

func (b *Broker) forgetLocked(a *Account) {
	if a.retired.Load() && a.clients.CompareAndSwap(0, gone) {
		delete(b.accounts, a.Name)
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
