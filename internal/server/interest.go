package server

import (
	"cmp"
	"slices"

	"natsd/internal/admin/api"
	"natsd/internal/broker"
	"natsd/internal/interest"
	"natsd/internal/subject"
)

// Interest tells who wants messages of an account on a subject, or on any that a subject with wildcards has
// something in common with.
func (s *Server) Interest(account, subj string) *api.Interest {
	out := &api.Interest{Account: account, Subject: subj, Queues: []api.QueueGroup{}}
	a := s.broker.Account(account)
	if a == nil {
		return out
	}
	groups := map[string]*api.Subscribers{}
	count := func(queue string, sub *broker.Sub) {
		out.Interest = true
		if queue == "" {
			addTo(&out.Plain, sub, 1)
			return
		}
		if groups[queue] == nil {
			groups[queue] = &api.Subscribers{}
		}
		addTo(groups[queue], sub, max(1, int(sub.Weight.Load())))
	}
	if subject.ValidLiteral(subj) {
		var found interest.Result[*broker.Sub]
		a.Index().Match([]byte(subj), &found)
		for _, sub := range found.Plain {
			count("", sub)
		}
		for i := range found.Groups {
			for _, sub := range found.Groups[i].Members {
				count(found.Groups[i].Name, sub)
			}
		}
	} else {
		for cursor, more := 0, true; more; more = cursor != 0 {
			cursor = a.Index().Walk(cursor, subsPage, func(filter, queue string, sub *broker.Sub) {
				if subject.Overlaps(filter, subj) {
					count(queue, sub)
				}
			})
		}
	}
	for name, members := range groups {
		out.Queues = append(out.Queues, api.QueueGroup{Name: name, Members: *members})
	}
	slices.SortFunc(out.Queues, func(x, y api.QueueGroup) int { return cmp.Compare(x.Name, y.Name) })
	return out
}

// addTo counts a subscription of this server, or n of another one.
func addTo(c *api.Subscribers, sub *broker.Sub, n int) {
	if sub.Link == nil {
		c.Local++
	} else {
		c.Routes += n
	}
}
