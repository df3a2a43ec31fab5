package config

import "time"

// OCSPPeer is the ocsp_peer map of a tls block.
type OCSPPeer struct {
	Verify           bool
	Timeout          time.Duration // of one question to a responder
	ClockSkew        time.Duration
	WarnOnly         bool
	UnknownIsGood    bool
	AllowUnreachable bool          // accept when no responder answers
	DefaultTTL       time.Duration // of answers that do not say when they end
}

func decodeOCSPPeer(b *block) *OCSPPeer {
	return &OCSPPeer{
		Verify: b.bool("verify"), Timeout: b.dur("ca_timeout"), ClockSkew: b.dur("allowed_clockskew"),
		WarnOnly: b.bool("warn_only"), UnknownIsGood: b.bool("unknown_is_good"),
		AllowUnreachable: b.bool("allow_when_ca_unreachable"), DefaultTTL: b.dur("cache_ttl_when_next_update_unset"),
	}
}

// OCSPStapling is the top-level ocsp key; nil is off.
type OCSPStapling struct {
	Mode string   // "auto", "always", "must" or "never"
	URLs []string // empty: the responders that the certificates name
}

// OCSPCache keeps answers about client certificates on disk; nil is off.
type OCSPCache struct {
	Dir             string
	PreserveRevoked bool
	SaveInterval    time.Duration
}
