package client

import (
	"iter"
	"slices"

	"natsd/internal/broker"
)

// fewSubs is how many subscriptions a list is for.
const fewSubs = 16

// subs are the subscriptions of a client by its names for them. Most clients have a few, for which a list
// takes a tenth of the memory of a map and is quicker. The zero value is empty.
type subs struct {
	few  []*broker.Sub
	many map[string]*broker.Sub // once there are more; few is empty then
}

func (x *subs) len() int { return len(x.few) + len(x.many) }

// get returns the subscription of that name, or nil.
func (x *subs) get(sid []byte) *broker.Sub {
	if x.many != nil {
		return x.many[string(sid)]
	}
	for _, sub := range x.few {
		if sub.SID == string(sid) {
			return sub
		}
	}
	return nil
}

// add takes in sub, whose name must be new.
func (x *subs) add(sub *broker.Sub) {
	switch {
	case x.many != nil:
		x.many[sub.SID] = sub
	case len(x.few) < fewSubs:
		x.few = append(x.few, sub)
	default:
		x.many = make(map[string]*broker.Sub, 2*fewSubs)
		for _, old := range x.few {
			x.many[old.SID] = old
		}
		x.many[sub.SID] = sub
		x.few = nil
	}
}

// remove takes out sub and reports whether it was there.
func (x *subs) remove(sub *broker.Sub) bool {
	if x.many == nil {
		n := len(x.few)
		x.few = slices.DeleteFunc(x.few, func(s *broker.Sub) bool { return s == sub })
		return len(x.few) < n
	}
	if x.many[sub.SID] != sub {
		return false
	}
	delete(x.many, sub.SID)
	if len(x.many) == 0 {
		x.many = nil
	}
	return true
}

// all goes through the subscriptions in any order.
func (x *subs) all() iter.Seq[*broker.Sub] {
	return func(yield func(*broker.Sub) bool) {
		for _, sub := range x.few {
			if !yield(sub) {
				return
			}
		}
		for _, sub := range x.many {
			if !yield(sub) {
				return
			}
		}
	}
}
