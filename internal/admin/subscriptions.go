package admin

import (
	"natsd/internal/admin/api"
	"natsd/internal/status"
)

// subscriptions is the listing of subscriptions.
var subscriptions = &listing[status.Sub]{
	id: func(s *status.Sub) key {
		return key{int64(s.CID), s.Account + "\x00" + s.Subject + "\x00" + s.Queue + "\x00" + s.SID}
	},
	show:  func(_ *call, s *status.Sub) (any, error) { return api.Subscription(*s), nil },
	item:  api.Subscription{},
	order: "account,subject",
	columns: []column[status.Sub]{
		words("account", func(s *status.Sub) string { return s.Account }),
		words("subject", func(s *status.Sub) string { return s.Subject }),
		words("queue,qgroup", func(s *status.Sub) string { return s.Queue }),
		number("cid", false, func(s *status.Sub) int64 { return int64(s.CID) }),
		words("sid", func(s *status.Sub) string { return s.SID }),
		number("msgs", true, func(s *status.Sub) int64 { return s.Msgs }),
		number("max", true, func(s *status.Sub) int64 { return s.Max }),
	},
}
