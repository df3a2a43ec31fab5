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
