package watch

import (
	"sync"
	"time"
)

// inbox is what others leave for the watcher's goroutine.
type inbox struct {
	wake chan struct{} // has room for one

	mu       sync.Mutex // a leaf
	burst    burst
	settings *Settings // nil: no new ones
	loaded   *load     // the last good load since the inbox was emptied
	refused  *load     // a bad one after it
}

// burst is a series of signs that something changes.
type burst struct {
	first, last time.Time // zero: there is none
	lost        bool      // events were lost
	seen        marks     // what a look without an event found; nil after an event
}

func (b burst) active() bool { return !b.first.IsZero() }

// load is a load that somebody else made.
type load struct {
	began time.Time
	err   error
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// ring wakes the watcher.
func (i *inbox) ring() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// note adds a sign to the burst. Only the first one wakes: the watcher then knows when to look again.
func (i *inbox) note(lost bool) {
	now := time.Now()
	i.mu.Lock()
	first := !i.burst.active()
	if first {
		i.burst.first = now
	}
	i.burst.last = now
	i.burst.lost = i.burst.lost || lost
	i.mu.Unlock()
	if first {
		i.ring()
	}
}

// pending returns the burst as it stands.
func (i *inbox) pending() burst {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.burst
}

// wanted returns the settings that have not been taken out yet; nil when there are none.
func (i *inbox) wanted() *Settings {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.settings
}

// take ends the burst: later signs begin a new one.
func (i *inbox) take() burst {
	i.mu.Lock()
	defer i.mu.Unlock()
	b := i.burst
	i.burst = burst{}
	return b
}

// restore puts a burst back that has not come to rest, with the signs that came meanwhile.
func (i *inbox) restore(b burst) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b.lost = b.lost || i.burst.lost
	i.burst = b
}

func (i *inbox) set(s Settings) {
	i.mu.Lock()
	i.settings = &s
	i.mu.Unlock()
	i.ring()
}

func (i *inbox) tell(l load) {
	i.mu.Lock()
	if l.err == nil {
		i.loaded, i.refused = &l, nil
	} else {
		i.refused = &l
	}
	i.mu.Unlock()
	i.ring()
}

// mail empties the inbox of all but the burst.
func (i *inbox) mail() (s *Settings, loads []load) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s = i.settings
	for _, l := range []*load{i.loaded, i.refused} {
		if l != nil {
			loads = append(loads, *l)
		}
	}
	i.settings, i.loaded, i.refused = nil, nil, nil
	return s, loads
}

// drop forgets the loads told of.
func (i *inbox) drop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.loaded, i.refused = nil, nil
}
