package auth

import "slices"

// proxies are the public keys whose holders may vouch for clients.
type proxies []string

// verify returns the key that signed the nonce for r, or none when no proxy is involved. Without
// trusted keys a signature means nothing and is not looked at.
func (p proxies) verify(r *Request) (string, error) {
	if len(p) == 0 || r.ProxySig == "" {
		return "", nil
	}
	for _, key := range p {
		if verify(key, r.Nonce, r.ProxySig) == "" {
			return key, nil
		}
	}
	return "", &Refusal{ProxyNotTrusted, "no trusted proxy made the signature"}
}

// trusts tells whether a key is in the list.
func (p proxies) trusts(key string) bool { return slices.Contains(p, key) }
