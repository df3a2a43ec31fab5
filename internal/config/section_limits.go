package config

import (
	"errors"
	"fmt"
	"math"
	"time"

	"natsd/internal/config/syntax"
)

var limitsSection = section{title: "Limits and timers", decode: decodeLimits, check: checkLimits, keys: []Key{
	{Path: "max_connections", Aliases: []string{"max_conn"}, Type: Int, Default: 65536, Reload: Disruptive, Why: "Connections above the limit end, newest first.", Doc: "Clients that may be connected at once. With 0 or less nobody may connect."},
	{Path: "max_subscriptions", Aliases: []string{"max_subs"}, Type: Int, Default: 0, Reload: Disruptive, Why: "Connections that have more subscriptions end.", Doc: "Subscriptions that one connection may have; 0 is unlimited."},
	{Path: "max_sub_tokens", Aliases: []string{"max_subscription_tokens"}, Type: Int, Default: 0, Check: checkSubTokens, Doc: "Tokens that the subject of a subscription may have, up to 255; unlimited when not set."},
	{Path: "max_control_line", Type: Size, Default: 4096, ZeroIsDefault: true, Check: checkSize32("max_control_line", 0), Doc: "Longest protocol line of a client, in bytes."},
	{Path: "max_payload", Type: Size, Default: 1 << 20, ZeroIsDefault: true, Check: checkSize32("max_payload", -1), Doc: "Largest message, header included, in bytes; -1 is unlimited."},
	{Path: "max_pending", Type: Size, Default: 64 << 20, ZeroIsDefault: true, Check: checkAtLeast0("max_pending"), Doc: "Bytes that may wait for one client before it counts as a slow consumer."},
	{Path: "max_closed_clients", Type: Int, Default: 10000, ZeroIsDefault: true, Check: checkAtLeast0("max_closed_clients"), Doc: "Closed connections that connz remembers."},
	{Path: "max_traced_msg_len", Type: Int, Default: 0, Check: checkAtLeast0("max_traced_msg_len"), Flag: "--max_traced_msg_len", Doc: "Bytes of a message that trace shows; 0 shows all."},
	{Path: "ping_interval", Type: DurationOrSeconds, Default: 2 * time.Minute, ZeroIsDefault: true, Check: checkAtLeast0("ping_interval"), Doc: "Time between pings to a client."},
	{Path: "ping_max", Type: Int, Default: 2, ZeroIsDefault: true, Check: checkAtLeast0("ping_max"), Doc: "Unanswered pings after which a connection counts as stale."},
	{Path: "write_deadline", Type: DurationOrSeconds, Default: 10 * time.Second, ZeroIsDefault: true, Check: checkAtLeast0("write_deadline"), Doc: "Time that one write to a client may take."},
	{Path: "write_timeout", Type: Text, Default: "default", Parse: parseWriteTimeout, Doc: "What a missed write deadline does: `close` the connection, `retry`, or `default`: close for clients, retry for routes, gateways and leafnodes."},
	{Path: "no_fast_producer_stall", Type: Bool, Default: false, Doc: "Never slows down a publisher for the sake of a slow subscriber or route: what they do not take is lost."},
	{Path: "first_line_timeout", Own: true, Type: DurationOrSeconds, Default: 2 * time.Second, Check: checkAtLeast0("first_line_timeout"), Reload: NewOnly, Doc: "Time in which a begun first protocol line must be complete. Silence is allowed; 0 is no limit."},
	{Path: "lame_duck_duration", Type: DurationText, Default: 2 * time.Minute, Check: checkLameDuck, Doc: "Time over which lame duck mode closes the clients, 30 seconds or more."},
	{Path: "lame_duck_grace_period", Type: DurationText, Default: 10 * time.Second, Check: checkLameDuckGrace, Doc: "Time that lame duck mode waits before it closes the first client."},
	{Path: "connect_error_reports", Type: Int, Default: 3600, ZeroIsDefault: true, Doc: "Every how many failed first connects to another server are logged; the first always is."},
	{Path: "reconnect_error_reports", Type: Int, Default: 1, ZeroIsDefault: true, Doc: "Every how many failed reconnects to another server are logged."},
}}

func decodeLimits(root *block, o *Options) {
	o.Limits = Limits{
		MaxConnections: root.int("max_connections"), MaxSubscriptions: root.int("max_subscriptions"),
		MaxSubTokens: root.int("max_sub_tokens"), MaxControlLine: root.int("max_control_line"),
		MaxPayload: root.int("max_payload"), MaxPending: root.int64("max_pending"),
		MaxClosedClients: root.int("max_closed_clients"), MaxTracedMsgLen: root.int("max_traced_msg_len"),
		PingInterval: root.dur("ping_interval"), PingMax: root.int("ping_max"),
		WriteDeadline: root.dur("write_deadline"), WriteTimeout: root.str("write_timeout"),
		NoFastProducerStall: root.bool("no_fast_producer_stall"), FirstLineTimeout: root.dur("first_line_timeout"),
	}
	o.LameDuckDuration, o.LameDuckGrace = root.dur("lame_duck_duration"), root.dur("lame_duck_grace_period")
	o.ConnectErrorReports, o.ReconnectErrorReports = root.int("connect_error_reports"), root.int("reconnect_error_reports")
}

// bigPayload is the size from which on a payload limit is worth a warning: large messages hold up
// the small ones behind them.
const bigPayload = 8 << 20

func checkLimits(root *block, o *Options) {
	l := &o.Limits
	if int64(l.MaxPayload) > l.MaxPending {
		root.errorf(laterOf(root, "max_payload", "max_pending"), "max_payload (%d) cannot be higher than max_pending (%d)", l.MaxPayload, l.MaxPending)
	}
	if l.MaxPayload > bigPayload {
		root.warnf("max_payload", "maximum payloads over %d MB are generally discouraged and could lead to poor performance", bigPayload>>20)
	}
	if l.MaxConnections <= 0 {
		root.warnf("max_connections", "max_connections of %d lets no client connect", l.MaxConnections)
	}
	if o.LameDuckGrace >= o.LameDuckDuration {
		root.errorf(laterOf(root, "lame_duck_duration", "lame_duck_grace_period"), "lame duck grace period (%v) should be strictly lower than lame duck duration (%v)", o.LameDuckGrace, o.LameDuckDuration)
	}
}

// laterOf returns the name of the two keys that is set, b when both are.
func laterOf(root *block, a, b string) string {
	if root.has(b) {
		return b
	}
	return a
}

func checkSubTokens(v any) error {
	switch n, _ := v.(int64); {
	case n <= 0:
		return errors.New("max_sub_tokens value can not be negative")
	case n > math.MaxUint8:
		return errors.New("max_sub_tokens value is too big")
	}
	return nil
}

// checkSize32 bounds a size by what the protocol can say.
func checkSize32(name string, lowest int64) func(any) error {
	return func(v any) error {
		switch n, _ := v.(int64); {
		case n > math.MaxInt32:
			return fmt.Errorf("%s value is too big", name)
		case n < lowest:
			return fmt.Errorf("%s must not be negative, got %d", name, n)
		}
		return nil
	}
}

func checkLameDuck(v any) error {
	if d, _ := v.(time.Duration); d < 30*time.Second {
		return fmt.Errorf("invalid lame_duck_duration of %v, minimum is 30 seconds", d)
	}
	return nil
}

func checkLameDuckGrace(v any) error {
	if d, _ := v.(time.Duration); d < 0 {
		return errors.New("invalid lame_duck_grace_period, needs to be positive")
	}
	return nil
}

// parseWriteTimeout takes the three words in lower case only, as nats-server does.
func parseWriteTimeout(v *syntax.Value) (any, error) {
	if v.Kind == syntax.String && (v.Str == "default" || v.Str == "close" || v.Str == "retry") {
		return v.Str, nil
	}
	return nil, errors.New("write_timeout must be 'default', 'close' or 'retry'")
}
