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
	Sink    Sink

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
