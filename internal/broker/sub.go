package broker

import (
	"sync/atomic"

	"natsd/internal/perm"
)

// Sub is one subscription in the index of an account.
type Sub struct {
	Subject string
	Queue   string // empty for a plain subscription
	SID     string // the subscriber's own name for it
	Sink    Sink   // nil for a subscription of another server
	Link    Link   // to the server whose subscription it is; nil for a local one
	Kind    Kind   // of the subscriber

	// Private subscriptions are the server's own business: they are announced to nobody.
	Private bool

	// Weight is the number of members that another server has of the group; less than 1 counts as 1.
	Weight atomic.Int32

	// Filter tells which messages must not be delivered although they match; nil is none. The sink
	// replaces it when its rights change.
	Filter atomic.Pointer[perm.Filter]

	// Delivered counts messages. The sink writes it under a lock of its own, anyone may read it.
	Delivered atomic.Int64
	// Max is the number of deliveries after which the subscription ends; 0 is never. As Delivered.
	Max atomic.Int64
	// Closed stops deliveries that matched before the subscription was removed. As Delivered.
	Closed atomic.Bool
}
