package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

// PeerAuth is what another server must show to be let in.
type PeerAuth struct {
	User     string
	Password Secret
	Timeout  time.Duration // effective: with TLS it is the TLS timeout + 1 s unless configured
}

// Compression says how the bytes of a connection between servers are compressed.
type Compression struct {
	Mode string // "off", "accept", "not_supported", "s2_fast", "s2_better", "s2_best", "s2_auto"
	// Thresholds are the round-trip times at which s2_auto goes from none to fast, better and best.
	Thresholds []time.Duration
}

// peerAuthKeys describes the authorization block of a listener for servers. Of the client's block
// it keeps those keys that get an answer of their own.
func peerAuthKeys(prefix string) []Key {
	return under(prefix, []Key{
		{Path: "", Type: Block, Doc: "What other servers must show to connect here."},
		{Path: ".user", Aliases: []string{"username"}, Type: Text, Doc: "User name."},
		{Path: ".password", Aliases: []string{"pass"}, Type: Text, Secret: true, Doc: "Password, in clear or as bcrypt hash."},
		{Path: ".timeout", Type: SecondsOrDuration, Check: checkAtLeast0("timeout"), Reload: NewOnly, Doc: "Time in which the other server must authenticate: 2 s, or one second more than the TLS timeout."},
		{Path: ".users", Type: Free, Doc: "Not allowed here: there is one user."},
		{Path: ".token", Type: Free, Secret: true, Doc: "Not allowed here."},
		{Path: ".auth_callout", Aliases: []string{"auth_hook"}, Type: Free, Doc: "Not allowed here."},
	})
}

func decodePeerAuth(b *block, title string, t *TLS) PeerAuth {
	for _, k := range []struct{ key, text string }{
		{"users", "does not allow multiple users"},
		{"token", "does not support tokens"},
		{"auth_callout", "does not support callouts"},
	} {
		if b.has(k.key) {
			b.errorf(k.key, "%s authorization %s", title, k.text)
		}
	}
	return PeerAuth{User: b.str("user"), Password: b.secret("password"), Timeout: authTimeout(b, t)}
}

// compressionKeys describes a compression block, whose mode may stand in place of the block. auto is
// the mode that `true` and `on` mean, def the one without the key.
func compressionKeys(prefix, def, auto string) []Key {
	return under(prefix, []Key{
		{Path: "", Type: Block, Short: "mode", UnknownText: "unknown field %q", Doc: "Compression of the connection: a mode, or a block with mode and thresholds."},
		{Path: ".mode", Type: Bool | Text, Default: def, Parse: parseCompression(auto), Doc: "`off`, `accept` (what the other side wants), `s2_fast`, `s2_better`, `s2_best`, `s2_auto` (by round-trip time), or `on` (" + auto + ")."},
		{Path: ".rtt_thresholds", Aliases: []string{"thresholds", "rtts", "rtt"}, Type: List, Parse: parseThresholds, Doc: "Up to four ascending durations at which `s2_auto` compresses more; 10, 50 and 100 ms when not set."},
	})
}

func parseCompression(auto string) func(*syntax.Value) (any, error) {
	return func(v *syntax.Value) (any, error) {
		word := strings.ToLower(v.Str)
		switch v.Kind {
		case syntax.Bool:
			word = map[bool]string{true: "on", false: "off"}[v.Bool]
		case syntax.String:
		default:
			return nil, fmt.Errorf("expected true, false or a compression mode, got %s", describe(v))
		}
		switch word {
		case "on", "enabled", "true":
			return auto, nil
		case "off", "disabled", "false":
			return "off", nil
		case "not_supported", "not supported":
			return "not_supported", nil
		case "fast", "better", "best", "auto":
			return "s2_" + word, nil
		case "accept", "s2_fast", "s2_better", "s2_best", "s2_auto":
			return word, nil
		}
		return nil, fmt.Errorf("unsupported compression mode %q", v.Str)
	}
}

// parseThresholds reads the durations; 0 leaves a level out.
func parseThresholds(v *syntax.Value) (any, error) {
	if v.Kind != syntax.Array {
		return nil, fmt.Errorf("expected an array of durations, got %s", describe(v))
	}
	if len(v.Items) > 4 {
		return nil, errors.New("at most four round-trip times can be given")
	}
	var highest time.Duration
	out := make([]string, 0, len(v.Items))
	for _, item := range v.Items {
		d, err := time.ParseDuration(item.Str)
		if w, ok := unquoted(item); ok {
			d, err = w, nil
		}
		switch {
		case err != nil || d < 0:
			return nil, errorIn(item, "expected a duration such as \"10ms\", got %s", describe(item))
		case d != 0 && d < highest:
			return nil, errorIn(item, "round-trip times must ascend: %s comes after %s", d, highest)
		}
		highest = max(highest, d)
		out = append(out, d.String())
	}
	return out, nil
}

func decodeCompression(b *block) Compression {
	c := Compression{Mode: b.str("mode")}
	for _, s := range b.strs("rtt_thresholds") {
		d, _ := time.ParseDuration(s) // written by parseThresholds
		c.Thresholds = append(c.Thresholds, d)
	}
	if len(c.Thresholds) == 0 && c.Mode == "s2_auto" {
		c.Thresholds = []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}
	}
	return c
}

// deadlineKeys describes what bounds a write to another server.
func deadlineKeys(prefix string) []Key {
	return under(prefix, []Key{
		{Path: ".write_deadline", Type: DurationOrSeconds, Check: checkAtLeast0("write_deadline"), Reload: NewOnly, Doc: "Time that one write may take; the top-level value when not set."},
		{Path: ".write_timeout", Type: Text, Default: "default", Parse: parseWriteTimeout, Reload: NewOnly, Doc: "What a missed write deadline does: `close`, `retry`, or `default`, which is retry here."},
	})
}

// writePolicy gives the effective deadline and policy of a connection between servers.
func writePolicy(b *block, o *Options) (time.Duration, string) {
	deadline := b.dur("write_deadline")
	if deadline == 0 {
		deadline = o.Limits.WriteDeadline
	}
	for _, policy := range []string{b.str("write_timeout"), o.Limits.WriteTimeout} {
		if policy != "default" {
			return deadline, policy
		}
	}
	return deadline, "retry"
}

// listenKeys describes the address of a listener that is off unless it has a port.
func listenKeys(prefix, what string) []Key {
	return under(prefix, []Key{
		{Path: ".listen", Type: Text | Int, Expand: expandListen("host", "port"), Doc: "Address of the listener, as host:port or as port alone. Stands for host and port."},
		{Path: ".host", Aliases: []string{"net"}, Type: Text, Default: "0.0.0.0", Doc: "Address that the listener binds."},
		{Path: ".port", Type: Int, Default: 0, Check: checkPort, Doc: "Port of the listener for " + what + "; 0 is off, -1 picks a free one."},
	})
}

// checkPeerAdvertise checks a host[:port] that is told to others; name is how the error calls it.
func checkPeerAdvertise(name string) func(any) error {
	return func(v any) error {
		s, _ := v.(string)
		if s == "" {
			return nil
		}
		if _, _, err := parseHostPort(s); err != nil {
			return fmt.Errorf("invalid %s value of %s, err=%w", name, s, err)
		}
		return nil
	}
}

func noPort(b *block) bool { return b.int("port") == 0 }

// HasAccount tells whether the configuration makes an account of that name.
func (o *Options) HasAccount(name string) bool { return o.knownAccount(name) }

// knownAccount tells whether an account that another block names will exist: the global account, the
// system account, and those of the accounts block.
func (o *Options) knownAccount(name string) bool {
	return name == "$G" || (name != "" && name == o.SystemAccount) ||
		slices.ContainsFunc(o.Accounts, func(a Account) bool { return a.Name == name })
}
