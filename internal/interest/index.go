package interest

import (
	"maps"
	"sync"
	"sync/atomic"

	"natsd/internal/subject"
)

// Index holds subscriptions. Create it with [New].
type Index[T comparable] struct {
	// Read for nearly every message, so it has a cache line that matching on
	// other processors does not touch.
	_          [cacheLine]byte
	generation atomic.Uint64
	_          [cacheLine]byte

	fanout fanout

	mu       sync.RWMutex // guards all below
	literals map[string]*leaf[T]
	peak     int // most literals since the map was made
	tree     node[T]
	leaves   leaves[T]
	counts   counts
}

const cacheLine = 64

// New returns an empty index.
func New[T comparable]() *Index[T] {
	return &Index[T]{literals: make(map[string]*leaf[T])}
}

// Insert adds v as a subscriber of filter: as a member of the group queue or, if
// that is empty, plainly. It reports whether the index changed: an invalid
// filter and a repeated insertion change nothing. Both strings are kept.
func (x *Index[T]) Insert(filter, queue string, v T) bool {
	if !subject.Valid(filter) {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.find(filter)
	if l == nil {
		l = &leaf[T]{filter: filter}
		x.leaves.add(l)
		if subject.Literal(filter) {
			x.literals[filter] = l
			x.peak = max(x.peak, len(x.literals))
		} else {
			x.tree.insert([]byte(filter), l)
			x.counts.wildcards++
		}
	}
	if !l.add(queue, v) {
		return false
	}
	x.counts.subscriptions++
	x.counts.inserts++
	x.generation.Add(1)
	return true
}

// Remove takes away what Insert added with the same arguments, and reports
// whether it was there.
func (x *Index[T]) Remove(filter, queue string, v T) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.find(filter)
	if l == nil || !l.remove(queue, v) {
		return false
	}
	if l.empty() {
		x.leaves.remove(l)
		if subject.Literal(filter) {
			x.removeLiteral(filter)
		} else {
			x.tree.remove([]byte(filter))
			x.counts.wildcards--
		}
	}
	x.counts.subscriptions--
	x.counts.removes++
	x.generation.Add(1)
	return true
}

// Match collects who wants a message on subj, whose wildcard tokens are text.
// It empties into first. A change that happens meanwhile is seen or not, and
// moves the generation afterwards.
func (x *Index[T]) Match(subj []byte, into *Result[T]) {
	into.Reset()
	x.mu.RLock()
	x.literals[string(subj)].collect(into)
	if x.counts.wildcards > 0 {
		literal := !into.Empty()
		x.tree.match(subj, into)
		// Wildcards do not see that a token is empty. Looking for one takes as
		// long as a hash lookup, so it is done only where it can make a
		// difference; a subject that is a filter, too, has none.
		if !literal && !into.Empty() && subject.HasEmptyToken(subj) {
			into.Reset()
		}
	}
	x.mu.RUnlock()
	x.fanout.count(len(into.Plain) + len(into.Groups))
}

// HasInterest reports whether Match would find anybody.
func (x *Index[T]) HasInterest(subj []byte) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.literals[string(subj)] != nil ||
		x.counts.wildcards > 0 && x.tree.match(subj, nil) && !subject.HasEmptyToken(subj)
}

// Generation returns a number that moves with every insertion and removal, and
// only then. A result is still true if the generation that was read before its
// Match is still the current one.
func (x *Index[T]) Generation() uint64 { return x.generation.Load() }

// Len returns the number of subscriptions.
func (x *Index[T]) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.counts.subscriptions
}

// find returns the leaf of exactly this filter, or nil.
func (x *Index[T]) find(filter string) *leaf[T] {
	if subject.Literal(filter) {
		return x.literals[filter]
	}
	return x.tree.find([]byte(filter))
}

// removeLiteral also gives back memory, which maps don't do by themselves, when
// most of what was there has gone. It waits until copying the rest is quick.
func (x *Index[T]) removeLiteral(filter string) {
	delete(x.literals, filter)
	if n := len(x.literals); shrinkable(n, x.peak) {
		kept := make(map[string]*leaf[T], n)
		maps.Copy(kept, x.literals)
		x.literals, x.peak = kept, n
	}
}

// shrinkable reports whether a container of n elements that once held peak is
// worth copying into a smaller one.
func shrinkable(n, peak int) bool { return peak > 64 && n <= peak/16 }
