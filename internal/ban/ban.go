package ban

import (
	"cmp"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/glob"
	"natsd/internal/nuid"
	"natsd/internal/status"
	"natsd/internal/wire"
)

// Match says whom a ban is for: for those whom all of it fits that is given.
type Match struct {
	IP      netip.Prefix
	User    string
	Account string
	Name    string // a pattern of package glob
	NKey    string // public, in place of a user
}

// IsZero tells that nothing is given. Such a Match fits nobody.
func (m *Match) IsZero() bool { return *m == Match{} }

// Fits tells whether a connection is meant, as far as it is known yet.
func (m *Match) Fits(f *status.Facts) bool {
	switch {
	case m.IsZero(),
		m.IP.IsValid() && !m.IP.Contains(f.Remote.Addr().Unmap()),
		m.User != "" && m.User != f.User,
		m.NKey != "" && m.NKey != f.User,
		m.Account != "" && m.Account != f.Account,
		m.Name != "" && !glob.Match(m.Name, f.Name):
		return false
	}
	return true
}

// Ban is one entry. It is immutable but for its count.
type Ban struct {
	ID string
	Match
	Reason string // free text of the operator, for the client too
	Actor  string // who wants it
	Since  time.Time
	Until  time.Time

	Hits atomic.Int64 // connections that were refused
}

// Text is what a client is told.
func (b *Ban) Text() string {
	text := "Banned until " + b.Until.UTC().Format(time.RFC3339)
	if b.Reason != "" {
		text += ": " + b.Reason
	}
	return wire.PlainText(text)
}

// Most is how many bans there can be at the same time.
const Most = 10000

// ErrFull says that there are too many bans.
var ErrFull = errors.New("there are too many bans")

// List holds the bans of a server. It is safe for concurrent use; a nil List bans nobody.
type List struct {
	n atomic.Int64 // of bans; nobody pays for a list that is empty

	mu   sync.RWMutex // a leaf
	byID map[string]*Ban
	by   map[Match]*Ban
}

// New returns an empty list.
func New() *List { return &List{byID: map[string]*Ban{}, by: map[Match]*Ban{}} }

// Find returns a ban that is in force and fits a connection, or nil.
func (l *List) Find(f *status.Facts) *Ban {
	if l == nil || l.n.Load() == 0 {
		return nil
	}
	now := time.Now()
	found, ended := l.find(f, now)
	if ended {
		l.mu.Lock()
		l.tidyLocked(now)
		l.mu.Unlock()
	}
	return found
}

// find also tells whether some bans have ended.
func (l *List) find(f *status.Facts, now time.Time) (found *Ban, ended bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, b := range l.byID {
		switch {
		case !now.Before(b.Until):
			ended = true
		case b.Fits(f):
			return b, ended
		}
	}
	return nil, ended
}

// Add puts a ban into force and gives it an id. Where there is one with the same Match it takes its
// place, and ends no earlier.
func (l *List) Add(b *Ban) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.byID) >= Most {
		l.tidyLocked(time.Now())
	}
	old := l.by[b.Match]
	switch {
	case old == nil && len(l.byID) >= Most:
		return ErrFull
	case old == nil:
		b.ID = nuid.Next()
	default:
		b.ID = old.ID
		if old.Until.After(b.Until) {
			b.Until = old.Until
		}
	}
	l.byID[b.ID], l.by[b.Match] = b, b
	l.n.Store(int64(len(l.byID)))
	return nil
}

// Remove ends the ban with that id and reports whether there was one.
func (l *List) Remove(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tidyLocked(time.Now())
	b := l.byID[id]
	if b != nil {
		l.forgetLocked(b)
	}
	return b != nil
}

// All returns the bans that are in force, the oldest first.
func (l *List) All() []*Ban {
	l.mu.Lock()
	l.tidyLocked(time.Now())
	out := slices.Collect(maps.Values(l.byID))
	l.mu.Unlock()
	slices.SortFunc(out, func(a, b *Ban) int { return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.ID, b.ID)) })
	return out
}

// tidyLocked forgets the bans that have ended.
func (l *List) tidyLocked(now time.Time) {
	for _, b := range l.byID {
		if !now.Before(b.Until) {
			l.forgetLocked(b)
		}
	}
}

func (l *List) forgetLocked(b *Ban) {
	delete(l.byID, b.ID)
	delete(l.by, b.Match)
	l.n.Store(int64(len(l.byID)))
}
