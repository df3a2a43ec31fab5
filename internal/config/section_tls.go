package config

import "slices"

// tlsSection is the top-level tls block: that of the client listener, and of https monitoring.
var tlsSection = section{title: "TLS", decode: decodeTopTLS, keys: slices.Concat(withFlag(tlsKeys("tls"), "enabled"), []Key{
	{Path: "tls.enabled", Type: Bool, FlagOnly: true, Flag: "--tls", Doc: "`--tls=false` takes the block of the file away."},
})}

func decodeTopTLS(root *block, o *Options) {
	b := root.block("tls")
	if !b.has("enabled") {
		o.TLS = decodeTLS(b, tlsClients)
		return
	}
	if !b.bool("enabled") {
		return
	}
	if !b.has("certs") && !b.has("cert_file") {
		b.errorf("enabled", "TLS Server certificate must be present and valid")
		return
	}
	o.TLS = decodeTLS(b, tlsClients)
}

// withFlag lets a flag stand for a key inside the block that keys describe.
func withFlag(keys []Key, short string) []Key {
	keys[0].FlagShort = short
	return keys
}
