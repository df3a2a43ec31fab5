package event

import (
	"time"

	"natsd/internal/status"
)

// Data is what is known of an event. It is immutable once it is published and holds no secret. A
// package whose own values tell all that is to be told gives them a Kind method, as reload does with
// its Report.
type Data interface{ Kind() Kind }

// Opened is a connection that was let in. Of a client that sends CONNECT again and lands in another
// account there are two.
type Opened struct{ Facts *status.Facts }

// Kind implements [Data].
func (o Opened) Kind() Kind { return perLink(o.Facts, ConnectionOpened, RouteUp, GatewayUp, LeafUp) }

// Closed is a connection that has ended. The account of its facts is empty if it was never let in.
type Closed struct{ *status.Closed }

// Kind implements [Data].
func (c Closed) Kind() Kind {
	return perLink(c.Facts, ConnectionClosed, RouteDown, GatewayDown, LeafDown)
}

func perLink(f *status.Facts, client, route, gateway, leaf Kind) Kind {
	switch f.Kind {
	case status.Router:
		return route
	case status.Gateway:
		return gateway
	case status.Leafnode:
		return leaf
	default:
		return client
	}
}

// Slow is a connection that is closed because it does not take what it is sent.
type Slow struct {
	Facts   *status.Facts
	Subject string // of the message that was one too many; empty when the write deadline passed
	Pending int    // bytes that wait
	Reason  string // as in [status.Closed]
}

// Kind implements [Data].
func (Slow) Kind() Kind { return ConnectionSlow }

// Stalled is a publisher that was held up for receivers which are nearly full. There is at most one
// per connection and second.
type Stalled struct {
	Facts  *status.Facts
	Stalls int64 // since it connected
}

// Kind implements [Data].
func (Stalled) Kind() Kind { return ConnectionStalled }

// Kicked is a connection that somebody ends; Closed follows.
type Kicked struct {
	Facts  *status.Facts
	Actor  string // who wants it, "sys" or an identity of the admin API
	Reason string // free text of the operator
}

// Kind implements [Data].
func (Kicked) Kind() Kind { return ConnectionKicked }

// Refused is a connection that was not let in; Closed follows.
type Refused struct {
	Conn   status.Conn
	User   string // the name it came with, which nobody has checked; never a secret
	Reason string // as in [status.Closed]
	Detail string // why; it is not for the client
}

// Kind implements [Data].
func (Refused) Kind() Kind { return AuthFailed }

// Expired is a connection whose grant has ended; Closed follows.
type Expired struct{ Facts *status.Facts }

// Kind implements [Data].
func (Expired) Kind() Kind { return AuthExpired }

// Retry is a link to another server that could not be made.
type Retry struct {
	Link    status.Kind // Router, Gateway or Leafnode
	URL     string      // without user and password
	Attempt int
	Err     string
	Next    time.Time // when it will be tried again; zero: never
}

// Kind implements [Data].
func (r Retry) Kind() Kind {
	switch r.Link {
	case status.Gateway:
		return GatewayRetry
	case status.Leafnode:
		return LeafRetry
	default:
		return RouteRetry
	}
}

// Accounts are those that a reload has changed.
type Accounts struct {
	Opened, Closed []string
	Limited        []string // with other limits than before
}

// Kind implements [Data].
func (Accounts) Kind() Kind { return AccountChanged }

// Certificates were loaded anew, where the files hold others than before.
type Certificates struct {
	Block    string    // of the configuration, "tls" or "cluster.tls"
	NotAfter time.Time // of the first one
}

// Kind implements [Data].
func (Certificates) Kind() Kind { return TLSReloaded }

// Expiring is a certificate that is about to end, or has.
type Expiring struct {
	Block    string // of the configuration
	NotAfter time.Time
}

// Kind implements [Data].
func (Expiring) Kind() Kind { return TLSExpiring }

// LameDuck is a server that sends its clients away before it ends.
type LameDuck struct{ Grace, Duration time.Duration }

// Kind implements [Data].
func (LameDuck) Kind() Kind { return ServerLameDuck }

// Stopping is a server that ends.
type Stopping struct{}

// Kind implements [Data].
func (Stopping) Kind() Kind { return ServerStopping }

// Files of the configuration have changed on disk.
type Files struct {
	Paths []string
	Err   string // why they did not come into force; empty when they did
}

// Kind implements [Data].
func (f Files) Kind() Kind {
	if f.Err != "" {
		return WatcherError
	}
	return WatcherChanged
}

// Action is what somebody did, or was refused, by the admin API or another door.
type Action struct {
	RequestID string
	Actor     string // who
	Action    string // method and path of the endpoint
	Target    string
	Result    string // as in the audit
	Status    int    // of the answer; 0 where there is none
}

// Kind implements [Data].
func (Action) Kind() Kind { return AdminAction }
