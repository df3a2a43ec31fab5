package reload

import (
	"cmp"
	"slices"
)

// Effect is what a reload does to one connection.
type Effect struct {
	CID     uint64
	Reason  string // as in connz, or a short sentence
	Dropped bool   // the connection is ended
	Subs    int    // subscriptions it lost
	Path    string // of the changed key that causes it, as in Field.Path, if known
	User    string // of the connection, if known
	Account string
}

// Effects is what a reload does to connections, or what it is predicted to do.
type Effects struct {
	Affected int // connections that were touched
	Dropped  int // of these, those that were ended
	Subs     int // subscriptions that were removed
	// List holds the first of them, dropped ones first.
	List []Effect
}

// listed bounds the connections and the changes that a report names.
const listed = 1000

// sumUp counts effects.
func sumUp(all []Effect) Effects {
	var sum Effects
	for _, e := range all {
		sum.Affected++
		sum.Subs += e.Subs
		if e.Dropped {
			sum.Dropped++
		}
	}
	slices.SortStableFunc(all, func(x, y Effect) int {
		if x.Dropped != y.Dropped {
			if x.Dropped {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.CID, y.CID)
	})
	sum.List = slices.Clip(all[:min(len(all), listed)])
	return sum
}

// charge counts for each change what it causes, in place of what was counted before.
func (c changes) charge(all []Effect) {
	for i := range c {
		c[i].Affected, c[i].Dropped, c[i].Subs = 0, 0, 0
	}
	for _, e := range all {
		f := c.cause(e.Path)
		if f == nil {
			continue
		}
		f.Affected++
		f.Subs += e.Subs
		if e.Dropped {
			f.Dropped++
			f.Verdict = max(f.Verdict, Disruptive)
		}
	}
}

// mollify lowers what the registry calls disruptive to live, where the component behind it has looked
// and found nobody to drop.
func (c changes) mollify(looked map[string]bool) {
	for i := range c {
		if f := &c[i]; f.Verdict == Disruptive && f.Dropped == 0 && looked[f.Component] {
			f.Verdict = Live
		}
	}
}
