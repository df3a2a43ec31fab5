package transcript

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"

	"natsd/test/harness"
)

// keyring makes the keys, tokens and hashes of one replay, each once.
type keyring struct {
	tb     testing.TB
	dir    string // of the recording
	keys   map[string]nkeys.KeyPair
	values map[string]string
}

func newKeyring(tb testing.TB, dir string) *keyring {
	return &keyring{tb: tb, dir: dir, keys: map[string]nkeys.KeyPair{}, values: map[string]string{}}
}

// value returns the value of a placeholder that is the same during a whole replay.
func (k *keyring) value(name string) (string, bool) {
	if v, ok := k.values[name]; ok {
		return v, true
	}
	what, arg, ok := strings.Cut(name, ":")
	if !ok {
		return "", false
	}
	var v string
	var err error
	switch what {
	case "pub":
		v, err = k.key(arg).PublicKey()
	case "bcrypt":
		var hash []byte
		hash, err = bcrypt.GenerateFromPassword([]byte(arg), bcrypt.MinCost)
		v = string(hash)
	case "spki-sha256":
		v, err = harness.Certs(k.tb).KeyHash(arg)
	case "jwt":
		if strings.HasPrefix(arg, "authorization-") {
			return "", false
		}
		v, err = k.recorded(arg)
	default:
		return "", false
	}
	if err != nil {
		k.tb.Fatalf("placeholder <%s>: %v", name, err)
	}
	k.values[name] = v
	return v, true
}

// keyTypes lists the keys of README.md that are not user keys.
var keyTypes = map[string]nkeys.PrefixByte{
	"OP": nkeys.PrefixByteOperator, "OPSK": nkeys.PrefixByteOperator,
	"SYSA": nkeys.PrefixByteAccount, "APPA": nkeys.PrefixByteAccount, "APPSK": nkeys.PrefixByteAccount,
	"APPSCOPE": nkeys.PrefixByteAccount, "OTHA": nkeys.PrefixByteAccount, "CALLOUT": nkeys.PrefixByteAccount,
}

func (k *keyring) key(name string) nkeys.KeyPair {
	if kp := k.keys[name]; kp != nil {
		return kp
	}
	prefix, ok := keyTypes[name]
	if !ok {
		prefix = nkeys.PrefixByteUser
	}
	kp, err := nkeys.CreatePair(prefix)
	if err != nil {
		k.tb.Fatal(err)
	}
	k.keys[name] = kp
	return kp
}

// sign signs a nonce: <sig:K> and <sig-std:K>.
func (k *keyring) sign(placeholder, nonce string) (string, bool) {
	what, name, _ := strings.Cut(placeholder, ":")
	enc := map[string]*base64.Encoding{"sig": base64.RawURLEncoding, "sig-std": base64.StdEncoding}[what]
	if enc == nil {
		return "", false
	}
	sig, err := k.key(name).Sign([]byte(nonce))
	if err != nil {
		k.tb.Fatal(err)
	}
	return enc.EncodeToString(sig), true
}

// claims is one entry of conf/jwts.json.
type claims struct {
	Kind          string         `json:"kind"`
	Issuer        string         `json:"issuer"`
	Subject       string         `json:"subject"`
	Name          string         `json:"name"`
	IssuerAccount string         `json:"issuer_account"`
	Expires       *int64         `json:"exp"` // seconds from now
	Claims        map[string]any `json:"claims"`
}

// recorded builds the JWT of that name in conf/jwts.json.
func (k *keyring) recorded(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(k.dir, "conf", "jwts.json"))
	if err != nil {
		return "", err
	}
	expanded := placeholder.ReplaceAllStringFunc(string(text), func(p string) string {
		if v, ok := k.value(strings.Trim(p, "<>")); ok {
			return v
		}
		return p
	})
	var all map[string]claims
	if err := json.Unmarshal([]byte(expanded), &all); err != nil {
		return "", err
	}
	c, ok := all[name]
	if !ok {
		return "", fmt.Errorf("no entry %q in jwts.json", name)
	}
	nats := map[string]any{}
	kind := c.Kind
	switch c.Kind {
	case "user":
		if c.Claims == nil {
			setUnlimited(nats)
		}
	case "scoped":
		kind = "user"
	case "account":
		nats["limits"] = map[string]any{
			"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
		}
	}
	maps.Copy(nats, c.Claims)
	if c.IssuerAccount != "" {
		nats["issuer_account"], _ = k.value("pub:" + c.IssuerAccount)
	}
	sub, _ := k.value("pub:" + c.Subject)
	body := map[string]any{"sub": sub, "name": c.Name}
	if c.Expires != nil {
		body["exp"] = time.Now().Unix() + *c.Expires
	}
	return k.token(c.Issuer, kind, body, nats)
}

func setUnlimited(nats map[string]any) {
	nats["subs"], nats["data"], nats["payload"] = -1, -1, -1
}

// answer builds the authorization response to an authorization request. spec is the JSON object of
// the placeholder: an error, or audience, name and permissions of the user.
func (k *keyring) answer(request, spec string) (string, error) {
	var req struct {
		Nats struct {
			UserKey string `json:"user_nkey"`
			Server  struct {
				ID string `json:"id"`
			} `json:"server_id"`
		} `json:"nats"`
	}
	parts := strings.Split(request, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("no authorization request was received")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(text, &req); err != nil {
		return "", err
	}
	var s struct {
		Error       string         `json:"error"`
		Audience    string         `json:"aud"`
		Name        string         `json:"name"`
		Permissions map[string]any `json:"perms"`
	}
	if err := json.Unmarshal([]byte(spec), &s); err != nil {
		return "", err
	}
	nats := map[string]any{}
	if s.Error != "" {
		nats["error"] = s.Error
	} else {
		user := map[string]any{}
		setUnlimited(user)
		maps.Copy(user, s.Permissions)
		body := map[string]any{"sub": req.Nats.UserKey, "aud": s.Audience, "name": s.Name}
		if nats["jwt"], err = k.token("CALLOUT", "user", body, user); err != nil {
			return "", err
		}
	}
	return k.token("CALLOUT", "authorization_response", map[string]any{"sub": req.Nats.UserKey, "aud": req.Nats.Server.ID}, nats)
}

// token signs a JWT of the NATS form.
func (k *keyring) token(issuer, kind string, body, nats map[string]any) (string, error) {
	nats["type"], nats["version"] = kind, 2
	body["nats"] = nats
	body["iat"] = time.Now().Unix()
	body["jti"] = fmt.Sprintf("replay-%s-%v", kind, body["sub"])
	body["iss"], _ = k.value("pub:" + issuer)
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding.EncodeToString
	chunks := enc([]byte(`{"typ":"JWT","alg":"ed25519-nkey"}`)) + "." + enc(text)
	sig, err := k.key(issuer).Sign([]byte(chunks))
	if err != nil {
		return "", err
	}
	return chunks + "." + enc(sig), nil
}
