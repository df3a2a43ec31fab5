package event

// Kind says what happened.
type Kind uint8

// The kinds of events.
const (
	ConnectionOpened  Kind = iota // a client was let in: [Opened]
	ConnectionClosed              // a client is gone, let in or not: [Closed]
	ConnectionSlow                // it is closed because it does not keep up: [Slow]
	ConnectionStalled             // a publisher is held up for slow receivers: [Stalled]
	ConnectionKicked              // somebody ends a connection: [Kicked]
	AuthFailed                    // [Refused]
	AuthExpired                   // a grant has ended, and the connection with it: [Expired]
	ReloadPlanned                 // a dry run; the data of all reloads is *reload.Report
	ReloadApplied
	ReloadRejected
	ReloadRolledBack
	ReloadProbationPassed
	RouteUp    // [Opened] of a route
	RouteDown  // [Closed] of a route
	RouteRetry // [Retry]
	GatewayUp
	GatewayDown
	GatewayRetry
	LeafUp
	LeafDown
	LeafRetry
	AccountChanged // a reload opened, closed or limited accounts: [Accounts]
	TLSReloaded    // [Certificates]
	TLSExpiring    // [Expiring]
	ServerLameDuck // [LameDuck]
	ServerStopping // [Stopping]
	AdminAction    // [Action]
	WatcherChanged // files of the configuration have changed: [Files]
	WatcherError

	kinds // the number of kinds
)

var names = [kinds]string{
	ConnectionOpened:      "connection.opened",
	ConnectionClosed:      "connection.closed",
	ConnectionSlow:        "connection.slow",
	ConnectionStalled:     "connection.stalled",
	ConnectionKicked:      "connection.kicked",
	AuthFailed:            "auth.failed",
	AuthExpired:           "auth.expired",
	ReloadPlanned:         "reload.planned",
	ReloadApplied:         "reload.applied",
	ReloadRejected:        "reload.rejected",
	ReloadRolledBack:      "reload.rolled_back",
	ReloadProbationPassed: "reload.probation_passed",
	RouteUp:               "route.up",
	RouteDown:             "route.down",
	RouteRetry:            "route.retry",
	GatewayUp:             "gateway.up",
	GatewayDown:           "gateway.down",
	GatewayRetry:          "gateway.retry",
	LeafUp:                "leaf.up",
	LeafDown:              "leaf.down",
	LeafRetry:             "leaf.retry",
	AccountChanged:        "account.changed",
	TLSReloaded:           "tls.reloaded",
	TLSExpiring:           "tls.expiring",
	ServerLameDuck:        "server.lame_duck",
	ServerStopping:        "server.stopping",
	AdminAction:           "admin.action",
	WatcherChanged:        "watcher.changed",
	WatcherError:          "watcher.error",
}

// String returns the name that the admin API shows, "connection.opened".
func (k Kind) String() string {
	if k < kinds {
		return names[k]
	}
	return "unknown"
}

// Kinds returns all kinds.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}
