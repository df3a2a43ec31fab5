package config

import (
	"time"

	"github.com/nats-io/jwt/v2"
)

// Operator is operator mode: who signs accounts, and where they come from. It is nil without an
// operator and without trusted keys.
type Operator struct {
	Operators   []*jwt.OperatorClaims // must not be changed
	TrustedKeys []string              // public operator nkeys, those of the operators included

	Resolver       *Resolver
	Preload        map[string]string // account JWT by account nkey
	PinnedAccounts []string          // account nkeys; nil admits all
	Sentinel       Secret            // bearer JWT of clients without one; empty is none
	Pos            Pos
}

// ResolverKind says where account JWTs come from.
type ResolverKind string

// The kinds of resolvers.
const (
	MemoryResolver ResolverKind = "memory"
	URLResolver    ResolverKind = "url"
	FullResolver   ResolverKind = "full"  // a directory with all accounts
	CacheResolver  ResolverKind = "cache" // a directory with those in use
)

// Resolver finds account JWTs.
type Resolver struct {
	Kind        ResolverKind
	URL         string // of a URL resolver, with the final slash
	TLS         *TLS   // of a URL resolver; nil is the system's
	Dir         string // of full and cache
	AllowDelete bool
	HardDelete  bool
	Interval    time.Duration // between synchronisations of full
	TTL         time.Duration // of cache; 0 does not expire
	Timeout     time.Duration // of one lookup
	Limit       int           // accounts kept; 0 is unlimited
	Pos         Pos
}
