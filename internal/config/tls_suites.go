package config

import (
	"crypto/tls"
	"slices"
	"strings"

	"natsd/internal/config/syntax"
)

// cipherSuites resolves the names in cipher_suites.
func cipherSuites(b *block) []uint16 {
	var ids []uint16
	var insecure []string
	for i, name := range b.strs("cipher_suites") {
		id, safe := cipherSuite(name)
		if id == 0 {
			b.d.errorAt(elementPos(b, "cipher_suites", i), join(b.path, "cipher_suites"), "unrecognized cipher %s", name)
			continue
		}
		if !safe {
			insecure = append(insecure, name)
		}
		ids = append(ids, id)
	}
	if len(insecure) > 0 && !b.bool("allow_insecure_cipher_suites") {
		b.errorf("cipher_suites", "insecure cipher suites configured without 'allow_insecure_cipher_suites' option set: %s", strings.Join(insecure, ", "))
	}
	return ids
}

func cipherSuite(name string) (id uint16, safe bool) {
	named := func(c *tls.CipherSuite) bool { return c.Name == name }
	if i := slices.IndexFunc(tls.CipherSuites(), named); i >= 0 {
		return tls.CipherSuites()[i].ID, true
	}
	if i := slices.IndexFunc(tls.InsecureCipherSuites(), named); i >= 0 {
		return tls.InsecureCipherSuites()[i].ID, false
	}
	return 0, false
}

// curves resolves the names in curve_preferences.
func curves(b *block) []tls.CurveID {
	known := map[string]tls.CurveID{
		"X25519MLKEM768": tls.X25519MLKEM768, "SecP256r1MLKEM768": tls.SecP256r1MLKEM768, "SecP384r1MLKEM1024": tls.SecP384r1MLKEM1024,
		"X25519": tls.X25519, "CurveP256": tls.CurveP256, "CurveP384": tls.CurveP384, "CurveP521": tls.CurveP521,
	}
	var ids []tls.CurveID
	for i, name := range b.strs("curve_preferences") {
		id, ok := known[name]
		if !ok {
			b.d.errorAt(elementPos(b, "curve_preferences", i), join(b.path, "curve_preferences"), "unrecognized curve preference %s", name)
			continue
		}
		ids = append(ids, id)
	}
	return ids
}

// elementPos returns the place of element i of the array under name, as far as it has one.
func elementPos(b *block, name string, i int) Pos {
	v := b.raw(name)
	if v != nil && v.Kind == syntax.Array && i < len(v.Items) {
		return v.Items[i].Pos
	}
	return b.place(name)
}
