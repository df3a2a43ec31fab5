package config

// OCSPPeer is the ocsp_peer map of a tls block.
type OCSPPeer struct{}
