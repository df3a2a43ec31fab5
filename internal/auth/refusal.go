package auth

import "fmt"

// Reason is why a connection ends, as the list of closed connections shows it.
type Reason string

// The reasons of a [Refusal].
const (
	AuthenticationFailure Reason = "Authentication Failure"
	ProxyNotTrusted       Reason = "Proxy Not Trusted"
	ProxyRequired         Reason = "Proxy Required"
	ClientClosed          Reason = "Client Closed" // only from Recheck: close without an error to the client
)

// Refusal says that a connection may not come in or, from [Auth.Recheck], may not stay. The client
// is told "Authorization Violation", whatever the reason, and nothing with ClientClosed.
type Refusal struct {
	Reason Reason
	Detail string // what happened, for the debug log; holds names but no secrets
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

func refuse(format string, args ...any) *Refusal {
	return &Refusal{AuthenticationFailure, fmt.Sprintf(format, args...)}
}

// name quotes a name that a client chose, cut to a length that suits a log line.
func name(s string) string {
	const longest = 64
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return fmt.Sprintf("%q", s)
}
