package conn

// Reason says why a connection was closed. The zero Reason means that it is open.
type Reason uint8

// The reasons that exist so far.
const (
	Open Reason = iota
	ClientClosed
	AuthenticationTimeout
	AuthenticationViolation
	TLSHandshakeError
	SlowConsumerPendingBytes
	SlowConsumerWriteDeadline
	WriteError
	ReadError
	ParseError
	StaleConnection
	ProtocolViolation
	BadClientProtocolVersion
	MaxConnectionsExceeded
	MaxAccountConnectionsExceeded
	MaxPayloadExceeded
	MaxControlLineExceeded
	MaxSubscriptionsExceeded
	ServerShutdown
	AuthenticationExpired
	MissingAccount
	CredentialsRevoked
	NoRespondersRequiresHeaders
	Kicked
	ProxyNotTrusted
	ProxyRequired
	DuplicateRoute
	RouteRemoved
	ClusterNameConflict
	DuplicateServerName
	WrongPort
	WrongGateway
	Banned
)

// texts are what monitoring shows; dashboards and tests compare them.
var texts = [...]string{
	Open:                          "",
	ClientClosed:                  "Client Closed",
	AuthenticationTimeout:         "Authentication Timeout",
	AuthenticationViolation:       "Authentication Failure",
	TLSHandshakeError:             "TLS Handshake Failure",
	SlowConsumerPendingBytes:      "Slow Consumer (Pending Bytes)",
	SlowConsumerWriteDeadline:     "Slow Consumer (Write Deadline)",
	WriteError:                    "Write Error",
	ReadError:                     "Read Error",
	ParseError:                    "Parse Error",
	StaleConnection:               "Stale Connection",
	ProtocolViolation:             "Protocol Violation",
	BadClientProtocolVersion:      "Bad Client Protocol Version",
	MaxConnectionsExceeded:        "Maximum Connections Exceeded",
	MaxAccountConnectionsExceeded: "Maximum Account Connections Exceeded",
	MaxPayloadExceeded:            "Maximum Message Payload Exceeded",
	MaxControlLineExceeded:        "Maximum Control Line Exceeded",
	MaxSubscriptionsExceeded:      "Maximum Subscriptions Exceeded",
	ServerShutdown:                "Server Shutdown",
	AuthenticationExpired:         "Authentication Expired",
	MissingAccount:                "Missing Account",
	CredentialsRevoked:            "Credentials Revoked",
	NoRespondersRequiresHeaders:   "No Responders Requires Headers",
	Kicked:                        "Kicked",
	ProxyNotTrusted:               "Proxy Not Trusted",
	ProxyRequired:                 "Proxy Required",
	DuplicateRoute:                "Duplicate Route",
	RouteRemoved:                  "Route Removed",
	ClusterNameConflict:           "Cluster Name Conflict",
	DuplicateServerName:           "Duplicate Server Name",
	WrongPort:                     "Incorrect Port",
	WrongGateway:                  "Wrong Gateway",
	Banned:                        "Banned",
}

// String returns the text that monitoring shows.
func (r Reason) String() string {
	if int(r) < len(texts) {
		return texts[r]
	}
	return "Unknown State"
}

// refuses tells whether the reason is about who the other side is.
func (r Reason) refuses() bool {
	switch r {
	case AuthenticationTimeout, AuthenticationViolation, AuthenticationExpired, MissingAccount, CredentialsRevoked,
		ProxyNotTrusted, ProxyRequired:
		return true
	default:
		return false
	}
}

// flushes tells whether what is queued is sent before the connection ends: not when the other side
// does not read, and not when there is nobody any more.
func (r Reason) flushes() bool {
	switch r {
	case SlowConsumerPendingBytes, SlowConsumerWriteDeadline, WriteError, TLSHandshakeError:
		return false
	default:
		return true
	}
}
