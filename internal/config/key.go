package config

import (
	"natsd/internal/config/syntax"
)

// Reload says what a changed value does when the configuration is reloaded.
type Reload uint8

// The reload classes.
const (
	Live       Reload = iota // takes effect at once, existing connections included
	NewOnly                  // only connections made afterwards use it
	Disruptive               // takes effect at once; connections that lose their right to it end
	Restart                  // kept for the next start
)

// String returns the word for the documentation.
func (r Reload) String() string {
	return [...]string{"live", "new connections", "live, may disconnect", "restart"}[r]
}

// Key describes one configuration key: everything that decoding, checking, layering, documentation
// and comparison need to know about it. A Key never changes after the registry has been built.
type Key struct {
	// Path is the full name: "ping_interval", "cluster.tls.timeout". "[]" after a name stands for
	// the elements of an array of blocks ("authorization.users[].user"), "*" for names that the
	// operator chooses ("accounts.*.nkey").
	Path    string
	Aliases []string // other names of the last element
	// Exact says that the name counts only in exactly this letter case. Another spelling is ignored
	// with a warning, as nats-server ignores it without one.
	Exact bool

	// Own keys are unknown to nats-server, where the name may serve as a variable. An entry that some
	// $variable refers to is therefore that variable, not the option.
	Own bool

	Type    Type
	Words   []string // the only strings allowed, if any; compared without letter case
	Default any      // bool, int, string, time.Duration, []string or nil
	Flag    string   // command-line flag with dashes, for the documentation; empty when there is none
	Reload  Reload
	Why     string // the key is not simply live: whom that concerns, or why it cannot be
	Secret  bool   // the value is shown redacted
	Doc     string // one or two plain sentences

	// ZeroIsDefault says that 0 stands for the default, as it does in nats-server.
	ZeroIsDefault bool

	// FlagOnly keys cannot stand in a file.
	FlagOnly bool
	// PlainOnly keys are the Short of a block that has no name for them inside: in a file they are
	// set by the plain value in place of the block only.
	PlainOnly bool

	// Grouping blocks mean nothing by being there: an empty one is as good as none.
	Grouping bool

	// Short names the key inside a Block that a plain value in place of the block stands for:
	// with "enabled", `watch: false` means `watch { enabled: false }`.
	Short string
	// FlagShort is like Short, for flags and environment only.
	FlagShort string
	// Expand splits the value into values of other keys of the same block; "host:port" of listen
	// becomes host and port. Part names are paths relative to the block.
	Expand func(v *syntax.Value) ([]Part, error)
	// Parse reads the value in place of the reader that Type names.
	Parse func(v *syntax.Value) (any, error)
	// Check looks at the value that Type or Parse gave. Its error text stands after file:line:col.
	Check func(value any) error
	// TypeError replaces the text for a value of the wrong form; %s in it is the
	// value found, %k its kind, %q the key.
	TypeError string

	// UnknownText replaces `unknown field "X"` for keys unknown inside a Block; %q is the key.
	UnknownText string
	// Lenient blocks warn about unknown keys, because nats-server ignores them.
	Lenient bool

	// Pending names the feature that the key belongs to, when this version does not have it. The
	// key is decoded and checked all the same and gives a warning.
	Pending string
	// Refuse says that a start must not go on without the pending feature, because the server would
	// do something else than the file says, or let in somebody else.
	Refuse bool
	// Idle tells for a pending Block that it asks for nothing after all ("jetstream: disabled").
	Idle func(b *block) bool
}

// named tells that the key can stand in a file under its own name.
func (k *Key) named() bool { return !k.FlagOnly && !k.PlainOnly }

// Part is one value out of [Key.Expand].
type Part struct {
	Name  string
	Value *syntax.Value
}

// under returns keys with prefix put before their paths: how groups that occur in several blocks
// (tls, users, permissions) are described once.
func under(prefix string, groups ...[]Key) []Key {
	n := 0
	for _, keys := range groups {
		n += len(keys)
	}
	out := make([]Key, 0, n)
	for _, keys := range groups {
		for _, k := range keys {
			k.Path = prefix + k.Path
			out = append(out, k)
		}
	}
	return out
}
