package config

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

// tlsKeys describes a tls block. The same keys stand in every block that has one; which of them a
// place does not support is the business of [decodeTLS].
func tlsKeys(prefix string) []Key {
	return slices.Concat([]Key{
		{Path: prefix, Type: Block, UnknownText: "error parsing tls config, unknown field %q", Doc: "TLS of this listener or connection. Files are relative to the working directory and read again at each reload."},
	}, under(prefix+".", tlsGroup, windowsStore), under(prefix+".ocsp_peer", ocspPeerGroup))
}

var tlsGroup = []Key{
	{Path: "cert_file", Type: Text, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Certificate chain, PEM."},
	{Path: "key_file", Type: Text, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Private key of `cert_file`, PEM."},
	{Path: "ca_file", Type: Text, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Certificates that peers are verified against, PEM; the system's when not set."},
	{Path: "certs", Aliases: []string{"certificates"}, Type: Blocks, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Several certificates; the client's wishes decide which one is shown."},
	{Path: "certs[].cert_file", Type: Text, Exact: true, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Certificate chain, PEM."},
	{Path: "certs[].key_file", Type: Text, Exact: true, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Its private key, PEM."},
	{Path: "verify", Type: Bool, Default: false, TypeError: "error parsing tls config, expected 'verify' to be a boolean", Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Clients must show a certificate that `ca_file` verifies. Routes and gateways always must."},
	{Path: "verify_and_map", Type: Bool, Default: false, TypeError: "error parsing tls config, expected 'verify_and_map' to be a boolean", Reload: Disruptive, Why: "Connections are decided on anew, with the certificate they showed.", Doc: "As `verify`; the certificate says who the user is: SAN e-mail, DNS name, URI, then subject."},
	{Path: "verify_cert_and_check_known_urls", Type: Bool, Default: false, TypeError: "error parsing tls config, expected 'verify_cert_and_check_known_urls' to be a boolean", Doc: "Cluster and gateway: the certificate's DNS name must be a host of the configured URLs."},
	{Path: "insecure", Type: Bool, Default: false, TypeError: "error parsing tls config, expected 'insecure' to be a boolean", Doc: "Connections that this server makes do not verify the other side."},
	{Path: "min_version", Type: Text, Default: "1.2", Parse: parseTLSVersion, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Lowest version: `\"1.2\"` or `\"1.3\"`, in quotes."},
	{Path: "cipher_suites", Type: List, Check: checkNotEmpty("cipher_suites"), Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "IANA names of the cipher suites up to TLS 1.2; Go's list when not set."},
	{Path: "allow_insecure_cipher_suites", Type: Bool, Default: false, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Permits suites with known weaknesses in `cipher_suites`."},
	{Path: "curve_preferences", Type: List, Check: checkNotEmpty("curve_preferences"), Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Key exchanges in order of preference; Go's list when not set."},
	{Path: "timeout", Type: SecondsOrDuration, Default: 2 * time.Second, ZeroIsDefault: true, Check: checkAtLeast0("timeout"), Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "Time that a handshake may take. The time for authentication is one second more, unless configured."},
	{Path: "connection_rate_limit", Type: Int, Default: 0, Check: checkAtLeast0("connection_rate_limit"), Doc: "Handshakes per second of the client listener; 0 is unlimited."},
	{Path: "handshake_first", Aliases: []string{"first", "immediate"}, Type: Bool | Text, Default: "off", Parse: parseHandshakeFirst, Reload: NewOnly, Why: "A handshake that was made stands.", Doc: "TLS begins before INFO: `true`, `false`, `auto` (INFO in clear after 50 ms of silence), or that time."},
	{Path: "pinned_certs", Type: List, Parse: parsePins, Reload: Disruptive, Why: "Connections whose certificate is not pinned any more end.", Doc: "SHA-256 of the SubjectPublicKeyInfo of the client certificates that are accepted, in hex."},
	{Path: "ocsp_peer", Type: Block | Bool, Short: "verify", Pending: "OCSP checks of client certificates", Refuse: true, Idle: func(b *block) bool { return !b.bool("verify") }, Doc: "Asks by OCSP whether client certificates were revoked."},
}

var ocspPeerGroup = []Key{
	{Path: ".verify", Type: Bool, Default: false, Doc: "Switches the checks on."},
	{Path: ".ca_timeout", Type: SecondsOrDuration, Default: 2 * time.Second, Doc: "Time that a responder may take."},
	{Path: ".allowed_clockskew", Type: SecondsOrDuration, Default: 30 * time.Second, Doc: "Difference of clocks that is forgiven."},
	{Path: ".warn_only", Type: Bool, Default: false, Doc: "Logs what would be refused and lets it in."},
	{Path: ".unknown_is_good", Type: Bool, Default: false, Doc: "Accepts the answer `unknown`."},
	{Path: ".allow_when_ca_unreachable", Type: Bool, Default: false, Doc: "Accepts when no responder answers."},
	{Path: ".cache_ttl_when_next_update_unset", Type: SecondsOrDuration, Default: time.Hour, Doc: "How long an answer without an end counts."},
}

// windowsStore are keys for the certificate store of Windows, which natsd does not read.
var windowsStore = []Key{
	{Path: "cert_store", Type: Text, Parse: noCertStore, Doc: "Not supported: certificates come from files."},
	{Path: "cert_match_by", Type: Text, Doc: "Belongs to `cert_store`."},
	{Path: "cert_match", Type: Text, Doc: "Belongs to `cert_store`."},
	{Path: "ca_certs_match", Type: Strings, Doc: "Belongs to `cert_store`."},
	{Path: "cert_match_skip_invalid", Type: Bool, Doc: "Belongs to `cert_store`."},
}

func noCertStore(*syntax.Value) (any, error) {
	return nil, errors.New("cert_store not compatible with current operating system")
}

func checkNotEmpty(name string) func(any) error {
	return func(v any) error {
		if list, _ := v.([]string); len(list) == 0 {
			return fmt.Errorf("error parsing tls config, '%s' cannot be empty", name)
		}
		return nil
	}
}

func parseTLSVersion(v *syntax.Value) (any, error) {
	if v.Kind != syntax.String {
		return nil, fmt.Errorf("error parsing tls config: 'min_version' wrong type: %s", v.Raw)
	}
	if tlsVersion(v.Str) == 0 {
		return nil, fmt.Errorf("error parsing tls config: unsupported TLS version: TLS %s", strings.TrimPrefix(v.Str, "TLS "))
	}
	return v.Str, nil
}

func tlsVersion(s string) uint16 {
	return map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[s]
}

// handshakeFallback is the silence of handshake_first: auto.
const handshakeFallback = 50 * time.Millisecond

// parseHandshakeFirst gives "on", "off", or the time after which INFO is sent in clear.
func parseHandshakeFirst(v *syntax.Value) (any, error) {
	switch {
	case v.Kind == syntax.Bool && v.Bool:
		return "on", nil
	case v.Kind == syntax.Bool:
		return "off", nil
	}
	if d, ok := unquoted(v); ok && d > 0 {
		return d, nil
	}
	switch word := strings.ToLower(v.Str); word {
	case "true", "false", "on", "off":
		return map[string]string{"true": "on", "false": "off", "on": "on", "off": "off"}[word], nil
	case "auto", "auto_fallback":
		return handshakeFallback, nil
	}
	if d, err := time.ParseDuration(v.Str); err == nil && v.Kind == syntax.String && d > 0 {
		return d, nil
	}
	return nil, fmt.Errorf("field %q's value %q is invalid", "handshake_first", v.Raw)
}

// parsePins reads fingerprints and gives them in lower case.
func parsePins(v *syntax.Value) (any, error) {
	if v.Kind != syntax.Array {
		return nil, errors.New("error parsing tls config, expected 'pinned_certs' to be a list of hex-encoded sha256 of DER encoded SubjectPublicKeyInfo")
	}
	out := make([]string, 0, len(v.Items))
	for _, item := range v.Items {
		raw, err := hex.DecodeString(item.Str)
		if item.Kind != syntax.String || err != nil || len(raw) != 32 {
			return nil, errorIn(item, "error parsing tls config, 'pinned_certs' key %s does not look like hex-encoded sha256 of DER encoded SubjectPublicKeyInfo", cut(item.Raw))
		}
		out = append(out, strings.ToLower(item.Str))
	}
	return out, nil
}

func cut(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
