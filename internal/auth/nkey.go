package auth

import (
	"context"
	"encoding/base64"

	"github.com/nats-io/nkeys"
)

// signed lets in who signs the nonce with a configured user nkey.
type signed struct{ nkeys map[string]*entry }

func (m signed) try(_ context.Context, r *Request) (*entry, error) {
	if r.NKey == "" {
		return nil, nil
	}
	// The signature comes first, so that an unknown key costs as much as a known one.
	if why := verify(r.NKey, r.Nonce, r.Sig); why != "" {
		return nil, refuse("nkey %s: %s", name(r.NKey), why)
	}
	e := m.nkeys[r.NKey]
	if e == nil {
		return nil, refuse("nkey %s is unknown", name(r.NKey))
	}
	return e, nil
}

// verify checks the signature of the nonce's text by a public key. It returns what is wrong.
func verify(public string, nonce []byte, sig string) string {
	switch {
	case len(nonce) == 0:
		return "there is no nonce to sign"
	case sig == "":
		return "signature is missing"
	}
	raw, err := decodeSignature(sig)
	if err != nil {
		return "signature is not base64"
	}
	key, err := nkeys.FromPublicKey(public)
	if err != nil {
		return "key is not a valid public nkey"
	}
	if key.Verify(nonce, raw) != nil {
		return "signature is wrong"
	}
	return ""
}

// decodeSignature reads raw URL base64, as clients send it, or the padded standard form.
func decodeSignature(s string) ([]byte, error) {
	if raw, err := base64.RawURLEncoding.DecodeString(s); err == nil {
		return raw, nil
	}
	return base64.StdEncoding.DecodeString(s)
}
