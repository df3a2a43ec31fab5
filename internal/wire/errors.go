package wire

// Texts of -ERR, as nats-server words them: clients compare some of them.
const (
	TextUnknownOp              = "Unknown Protocol Operation"
	TextControlLine            = "maximum control line exceeded"
	TextPayload                = "Maximum Payload Violation"
	TextAuthorization          = "Authorization Violation"
	TextAuthTimeout            = "Authentication Timeout"
	TextAuthExpired            = "User Authentication Expired"
	TextRevoked                = "User Authentication Revoked"
	TextTLSRequired            = "Secure Connection - TLS Required"
	TextThrottled              = "Connection throttling is active. Please try again later."
	TextMaxConnections         = "maximum connections exceeded"
	TextMaxAccountConnections  = "maximum account active connections exceeded"
	TextMaxSubscriptions       = "maximum subscriptions exceeded"
	TextStale                  = "Stale Connection"
	TextClientProtocol         = "invalid client protocol"
	TextNoRespondersNeedHeader = "no responders requires headers support"
	TextInvalidSubject         = "Invalid Subject"
	TextInvalidPublishSubject  = "Invalid Publish Subject"
)
