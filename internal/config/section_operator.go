package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"natsd/internal/config/syntax"
)

var operatorSection = section{decode: decodeOperator, check: checkOperator, keys: slices.Concat([]Key{
	{Path: "operator", Aliases: []string{"operators", "root", "roots", "root_operator", "root_operators"}, Type: Strings, Pending: "operator mode", Refuse: true, Doc: "Operators whose accounts may connect: JWTs, or files that hold them."},
	{Path: "trusted_keys", Aliases: []string{"trusted"}, Type: Strings, Pending: "operator mode", Refuse: true, Doc: "Public operator nkeys, in place of operator JWTs."},
	{Path: "resolver", Aliases: []string{"account_resolver", "accounts_resolver"}, Type: Block, Short: "source", Lenient: true, Pending: "account resolvers", Doc: "Where account JWTs come from: `MEMORY`, `URL(https://…)`, or a block for a directory."},
	{Path: "resolver.source", Type: Text, PlainOnly: true, Parse: parseResolver, Doc: "The value in place of the block."},
	{Path: "resolver.type", Exact: true, Type: Text, Doc: "`full`, `cache` or `mem`."},
	{Path: "resolver.dir", Exact: true, Type: Text, Doc: "Directory of the account JWTs."},
	{Path: "resolver.allow_delete", Exact: true, Type: Bool, Default: false, Doc: "Permits to delete accounts (full)."},
	{Path: "resolver.hard_delete", Exact: true, Type: Bool, Default: false, Doc: "Deleted accounts are not kept aside (full)."},
	{Path: "resolver.interval", Exact: true, Type: DurationText, Default: time.Minute, Doc: "Time between synchronisations with other servers (full)."},
	{Path: "resolver.ttl", Exact: true, Type: DurationText, Doc: "Time after which an account is looked up again (cache); 0 is never."},
	{Path: "resolver.timeout", Exact: true, Type: DurationText, Default: 1900 * time.Millisecond, Doc: "Time that one lookup may take."},
	{Path: "resolver.limit", Exact: true, Type: Int, Doc: "Accounts that are kept; full is unlimited, cache keeps 1000."},
	{Path: "resolver_preload", Type: Names, Pending: "account resolvers", Doc: "Account JWTs by account nkey."},
	{Path: "resolver_preload.*", Type: Text, Secret: true, Doc: "JWT of the account."},
	{Path: "resolver_pinned_accounts", Type: Strings, Pending: "account resolvers", Doc: "Accounts that may connect; all when not set."},
	{Path: "default_sentinel", Type: Text, Secret: true, Pending: "operator mode", Doc: "Bearer JWT that clients without one stand for."},
}, pending(tlsKeys("resolver_tls"), "account resolvers"))}

// pending marks the first of keys, which contains the others.
func pending(keys []Key, feature string) []Key {
	keys[0].Pending = feature
	return keys
}

// parseResolver reads the forms of the resolver that are one word.
func parseResolver(v *syntax.Value) (any, error) {
	const want = `error parsing account resolver, should be MEM or  URL("url") or a map containing dir and type state=[FULL|CACHE])`
	switch word := strings.TrimSpace(v.Str); {
	case v.Kind != syntax.String:
		return nil, errors.New(want)
	case strings.EqualFold(word, "MEM"), strings.EqualFold(word, "MEMORY"):
		return "memory", nil
	case len(word) > 5 && strings.EqualFold(word[:4], "URL(") && strings.HasSuffix(word, ")"):
		address := strings.Trim(strings.TrimSpace(word[4:len(word)-1]), `"'`)
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("the account resolver needs an http or https URL, got %q", maskCredentials(address))
		}
		return strings.TrimSuffix(address, "/") + "/", nil
	}
	return nil, errors.New(want)
}

func decodeOperator(root *block, o *Options) {
	op := &Operator{Pos: root.place("operator"), PinnedAccounts: root.strs("resolver_pinned_accounts"), Sentinel: root.secret("default_sentinel")}
	op.Operators = decodeOperatorJWTs(root)
	for i, key := range root.strs("trusted_keys") {
		if !nkeys.IsValidPublicOperatorKey(key) {
			root.d.errorAt(elementPos(root, "trusted_keys", i), "trusted_keys", "trust key %q required to be a valid public operator nkey", key)
		}
		op.TrustedKeys = append(op.TrustedKeys, key)
	}
	for _, c := range op.Operators {
		if !c.StrictSigningKeyUsage {
			op.TrustedKeys = append(op.TrustedKeys, c.Subject)
		}
		op.TrustedKeys = append(op.TrustedKeys, c.SigningKeys...)
	}
	op.Resolver = decodeResolver(root)
	op.Preload = decodePreload(root)
	for i, key := range op.PinnedAccounts {
		if !nkeys.IsValidPublicAccountKey(key) {
			root.d.errorAt(elementPos(root, "resolver_pinned_accounts", i), "resolver_pinned_accounts", "pinned account %q is not a valid public account nkey", key)
		}
	}
	if root.has("operator") || root.has("trusted_keys") {
		o.Operator = op
		adoptOperator(root, op, o)
	}
}

// decodeOperatorJWTs reads the operators: each entry is a JWT, or a file that holds one.
func decodeOperatorJWTs(root *block) []*jwt.OperatorClaims {
	var out []*jwt.OperatorClaims
	for i, entry := range root.strs("operator") {
		claims, err := readOperator(root.d, entry)
		if err != nil {
			root.d.errorAt(elementPos(root, "operator", i), "operator", "error parsing operator JWT: %v", err)
			continue
		}
		out = append(out, claims)
	}
	return out
}

func readOperator(d *decoder, entry string) (*jwt.OperatorClaims, error) {
	token := entry
	if !strings.HasPrefix(entry, "eyJ") { // the JSON of every JWT's header begins with {"
		data, err := d.side("operator", entry)
		if err != nil {
			return nil, err
		}
		if token, err = jwt.ParseDecoratedJWT(data); err != nil {
			return nil, errors.New("the file does not hold a JWT")
		}
	}
	claims, err := jwt.DecodeOperatorClaims(strings.TrimSpace(token))
	if err != nil {
		return nil, err
	}
	var results jwt.ValidationResults
	claims.Validate(&results)
	if results.IsBlocking(true) {
		return nil, fmt.Errorf("the operator JWT is not valid: %w", errors.Join(results.Errors()...))
	}
	return claims, nil
}

// adoptOperator takes from the only operator what the file does not say.
func adoptOperator(root *block, op *Operator, o *Options) {
	if len(op.Operators) != 1 {
		return
	}
	c := op.Operators[0]
	if c.SystemAccount != "" && !root.has("system_account") {
		o.SystemAccount = c.SystemAccount
	}
	if op.Resolver == nil && c.AccountServerURL != "" {
		op.Resolver = &Resolver{Kind: URLResolver, URL: strings.TrimSuffix(c.AccountServerURL, "/") + "/", Timeout: 1900 * time.Millisecond, Pos: op.Pos}
	}
}

func decodeResolver(root *block) *Resolver {
	b := root.block("resolver")
	clientTLS := decodeTLS(root.block("resolver_tls"), tlsDial)
	if !b.present {
		return nil
	}
	r := &Resolver{Kind: MemoryResolver, TLS: clientTLS, Timeout: b.dur("timeout"), Pos: b.pos}
	if b.has("source") {
		if s := b.str("source"); s != "memory" && s != "" {
			r.Kind, r.URL = URLResolver, s
		}
		return r
	}
	r.Dir, r.AllowDelete, r.HardDelete, r.TTL, r.Limit = b.str("dir"), b.bool("allow_delete"), b.bool("hard_delete"), b.dur("ttl"), b.int("limit")
	switch kind := strings.ToLower(b.str("type")); kind {
	case "mem", "memory":
		return r
	case "full":
		r.Kind, r.Interval = FullResolver, b.dur("interval")
	case "cache":
		r.Kind = CacheResolver
		if !b.has("limit") {
			r.Limit = 1000
		}
	default:
		b.errorf("", "error parsing account resolver, should be MEM or  URL(\"url\") or a map containing dir and type state=[FULL|CACHE])")
		return r
	}
	checkResolver(b, r)
	return r
}

func checkResolver(b *block, r *Resolver) {
	if r.Dir == "" {
		b.errorf("", "dir has no value and needs to point to a directory")
	}
	if r.Kind == FullResolver {
		if b.has("ttl") {
			b.errorf("ttl", "FULL does not accept ttl")
		}
		if r.HardDelete && !r.AllowDelete {
			b.errorf("hard_delete", "hard_delete has no effect without delete")
		}
		return
	}
	if b.has("interval") {
		b.errorf("interval", "CACHE does not accept sync")
	}
	for _, name := range []string{"allow_delete", "hard_delete"} {
		if b.has(name) {
			b.errorf(name, "CACHE does not accept %s", name)
		}
	}
}

func decodePreload(root *block) map[string]string {
	var out map[string]string
	for _, nv := range root.names("resolver_preload") {
		token, ok := nv.Plain.(string)
		if !ok {
			continue // told already
		}
		if _, err := jwt.DecodeAccountClaims(token); err != nil {
			root.d.errorAt(nv.Pos, "resolver_preload", "invalid account JWT")
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[nv.Name] = token
	}
	return out
}

// checkOperator looks at what may not stand beside operators, and at what may not stand without.
func checkOperator(root *block, o *Options) {
	op := o.Operator
	if op == nil {
		if root.has("default_sentinel") {
			root.errorf("default_sentinel", "default sentinel requires operators and accounts")
		}
		return
	}
	if root.has("operator") && root.has("trusted_keys") {
		root.errorf("trusted_keys", "conflicting options for 'TrustedKeys' and 'TrustedOperators'")
	}
	auth := root.block("authorization")
	switch {
	case len(o.Accounts) > 0:
		root.errorf("accounts", "operators do not allow Accounts to be configured directly")
	case len(o.Authorization.Users) > 0:
		auth.errorf("users", "operators do not allow users to be configured directly")
	}
	if auth.has("auth_callout") {
		auth.errorf("auth_callout", "operators do not allow authorization callouts to be configured directly")
	}
	// Operators that could not be read may well name a resolver.
	if op.Resolver == nil && len(op.Operators) == len(root.strs("operator")) {
		root.errorf("operator", "operators require an account resolver to be configured")
	}
	for _, c := range op.Operators {
		if root.good("system_account") && c.SystemAccount != "" && c.SystemAccount != o.SystemAccount {
			root.errorf("system_account", "system_account in config and operator JWT must be identical")
		}
	}
	if r := op.Resolver; r != nil && (r.Kind == FullResolver || r.Kind == CacheResolver) && o.SystemAccount == SystemAccountName {
		root.errorf("resolver", "using nats based account resolver - the system account needs to be specified in configuration or the operator jwt")
	}
	checkSentinel(root, op)
}

func checkSentinel(root *block, op *Operator) {
	if op.Sentinel == "" {
		return
	}
	claims, err := jwt.DecodeUserClaims(op.Sentinel.Reveal())
	switch {
	case err != nil:
		root.errorf("default_sentinel", "default sentinel JWT not valid")
	case !claims.BearerToken:
		root.errorf("default_sentinel", "default sentinel must be a bearer token")
	}
}
