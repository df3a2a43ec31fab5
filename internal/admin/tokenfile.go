package admin

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/staged"
)

// tokenFile is the form of admin.tokens_file.
type tokenFile struct {
	Version int           `json:"version"`
	Tokens  []storedToken `json:"tokens"`
}

// storedToken is one token on disk: the digest of its secret in place of the secret.
type storedToken struct {
	ID            string    `json:"id"`
	Hash          string    `json:"hash"` // SHA-256, hex
	PreviousHash  string    `json:"previous_hash,omitempty"`
	PreviousUntil time.Time `json:"previous_until,omitzero"`
	Role          string    `json:"role"`
	Scopes        []string  `json:"scopes,omitempty"`
	Accounts      []string  `json:"accounts,omitempty"`
	CIDR          []string  `json:"cidr,omitempty"`
	Note          string    `json:"note,omitempty"`
	Created       time.Time `json:"created"`
	CreatedBy     string    `json:"created_by"`
	Expires       time.Time `json:"expires,omitzero"`
}

const (
	tokenFileVersion = 1
	tokenFileMode    = 0o600
)

// readTokens opens the tokens of a file, which need not exist yet; without a path there are none.
func readTokens(path string) (*issuedTokens, error) {
	if path == "" {
		return newIssuedTokens("", nil), nil
	}
	list, err := loadTokens(path)
	if err != nil {
		return nil, fmt.Errorf("admin.tokens_file: %w", err)
	}
	return newIssuedTokens(path, list), nil
}

func loadTokens(path string) ([]*issuedToken, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		f, err := staged.New(path, nil, tokenFileMode) // the folder takes it, or the operator is told now
		if err != nil {
			return nil, err
		}
		return nil, f.Discard()
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s must be a file that nobody else may read (mode 0600)", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file tokenFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if file.Version != tokenFileVersion {
		return nil, fmt.Errorf("%s has the version %d, not %d", path, file.Version, tokenFileVersion)
	}
	var list []*issuedToken
	for i := range file.Tokens {
		one, err := file.Tokens[i].token()
		if err != nil {
			return nil, fmt.Errorf("%s: token %q: %w", path, file.Tokens[i].ID, err)
		}
		list = append(list, one)
	}
	return list, nil
}

// writeTokens replaces the file by another state, at once and for good; without a path it does nothing.
func writeTokens(path string, list []*issuedToken) error {
	if path == "" {
		return nil
	}
	file := tokenFile{Version: tokenFileVersion, Tokens: []storedToken{}}
	for _, one := range list {
		file.Tokens = append(file.Tokens, one.stored())
	}
	text, err := json.MarshalIndent(&file, "", "  ")
	if err != nil {
		return err
	}
	return staged.Write(path, append(text, '\n'), tokenFileMode)
}

func (one *issuedToken) stored() storedToken {
	s := storedToken{
		ID: one.who.subject, Hash: hex.EncodeToString(one.hash[:]), Role: one.who.role.String(), Scopes: one.who.scopes,
		Accounts: one.who.accounts, CIDR: texts(one.who.from), Note: one.note, Created: one.created, CreatedBy: one.by, Expires: one.who.expires,
	}
	if !one.until.IsZero() {
		s.PreviousHash, s.PreviousUntil = hex.EncodeToString(one.previous[:]), one.until
	}
	return s
}

func texts(networks []netip.Prefix) []string {
	out := make([]string, 0, len(networks))
	for _, n := range networks {
		out = append(out, n.String())
	}
	return out
}

var errTokenRole = errors.New("the role is unknown")

func (s *storedToken) token() (*issuedToken, error) {
	one := &issuedToken{note: s.Note, created: s.Created, by: s.CreatedBy, until: s.PreviousUntil, used: new(atomic.Int64)}
	one.who = identity{
		method: api.MethodToken, subject: s.ID, role: roleOf(s.Role), scopes: s.Scopes, accounts: s.Accounts, expires: s.Expires,
	}
	if s.ID == "" || slices.Contains(s.Scopes, "") || one.who.role.String() != s.Role {
		return nil, errTokenRole
	}
	err := readHash(&one.hash, s.Hash)
	if err == nil && !one.until.IsZero() {
		err = readHash(&one.previous, s.PreviousHash)
	}
	if err != nil {
		return nil, err
	}
	one.who.from, err = prefixes(s.CIDR)
	return one, err
}

func readHash(hash *secretHash, text string) error {
	raw, err := hex.DecodeString(text)
	if err != nil || copy(hash[:], raw) != len(hash) || len(raw) != len(hash) {
		return errors.New("the hash is not that of a secret")
	}
	return nil
}

// prefixes reads networks; a single address is one too.
func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
