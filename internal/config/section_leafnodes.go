package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

var leafnodesSection = section{decode: decodeLeafnodes, check: checkLeafnodes, keys: slices.Concat(
	[]Key{
		{Path: "leafnodes", Aliases: []string{"leaf"}, Type: Block, Pending: "leafnodes", Refuse: true, Idle: noLeafnodes, Doc: "Leafnode connections: servers that join as if they were clients."},
	},
	listenKeys("leafnodes", "leafnodes"),
	leafAuthKeys,
	tlsKeys("leafnodes.tls"),
	compressionKeys("leafnodes.compression", "s2_auto", "s2_auto"),
	[]Key{
		{Path: "leafnodes.advertise", Aliases: []string{"leafnode_advertise"}, Type: Text, Check: checkPeerAdvertise("LeafNode.Advertise"), Doc: "Address told to leafnodes."},
		{Path: "leafnodes.no_advertise", Type: Bool, Default: false, Doc: "Leafnodes are not told the addresses of other servers."},
		{Path: "leafnodes.min_version", Aliases: []string{"minimum_version"}, Type: Text, Check: checkLeafVersion, Doc: "Oldest version of a server that may connect, 2.8.0 or later."},
		{Path: "leafnodes.isolate_leafnode_interest", Aliases: []string{"isolate"}, Type: Bool, Default: false, Doc: "Leafnodes are not told what other leafnodes subscribe to."},
		{Path: "leafnodes.reconnect", Aliases: []string{"reconnect_delay", "reconnect_interval"}, Type: DurationOrSeconds, Default: time.Second, ZeroIsDefault: true, Check: checkAtLeast0("reconnect"), Doc: "Time between tries to connect to a remote."},
		{Path: "leafnodes.dial_timeout", Type: DurationOrSeconds, Default: time.Second, ZeroIsDefault: true, Check: checkAtLeast0("dial_timeout"), Doc: "Time that one try may take."},
	},
	deadlineKeys("leafnodes"),
	leafRemoteKeys,
)}

var leafAuthKeys = under("leafnodes.authorization", []Key{
	{Path: "", Type: Block, Doc: "What leafnodes must show; the rules for clients when it names nobody."},
	{Path: ".user", Aliases: []string{"username"}, Type: Text, Doc: "Name of the only user."},
	{Path: ".password", Aliases: []string{"pass"}, Type: Text, Secret: true, Doc: "Password of the only user."},
	{Path: ".nkey", Type: Text, Doc: "Public user nkey, in place of user and password."},
	{Path: ".account", Aliases: []string{"acc"}, Type: Text, Doc: "Account that the leafnode is bound to; the global account when not set."},
	{Path: ".timeout", Type: SecondsOrDuration, ZeroIsDefault: true, Check: checkAtLeast0("timeout"), Reload: NewOnly, Doc: "Time in which a leafnode must authenticate: 2 s, or one second more than the TLS timeout."},
	{Path: ".proxy_required", Type: Bool, Default: false, Doc: "The only user counts only through a trusted proxy."},
	{Path: ".users", Type: Blocks, TypeError: "Expected users field to be an array, got %s", Doc: "Several users."},
	{Path: ".users[].user", Aliases: []string{"username"}, Type: Text, Doc: "User name."},
	{Path: ".users[].password", Aliases: []string{"pass"}, Type: Text, Secret: true, Doc: "Password."},
	{Path: ".users[].account", Aliases: []string{"acc"}, Type: Text, Doc: "Account of the user."},
	{Path: ".users[].proxy_required", Type: Bool, Default: false, Doc: "The user counts only through a trusted proxy."},
})

var leafRemoteKeys = slices.Concat(
	[]Key{{Path: "leafnodes.remotes", Type: Blocks, TypeError: "Expected remotes field to be an array, got %s", Doc: "Servers to connect to as a leafnode."}},
	under("leafnodes.remotes[].", []Key{
		{Path: "url", Type: Text, Secret: true, Doc: "Address; port 7422 when it names none."},
		{Path: "urls", Type: Strings, Secret: true, Doc: "Addresses of one cluster."},
		{Path: "account", Aliases: []string{"local"}, Type: Text, Default: GlobalAccount, Doc: "Local account that is bound."},
		{Path: "credentials", Aliases: []string{"creds"}, Type: Text, Doc: "Credentials file. `~` and environment variables are expanded."},
		{Path: "nkey", Aliases: []string{"seed"}, Type: Text, Secret: true, Check: checkUserSeed, Doc: "User seed, in place of credentials."},
		{Path: "no_randomize", Aliases: []string{"dont_randomize"}, Type: Bool, Default: false, Doc: "Tries the addresses in their order."},
		{Path: "hub", Type: Bool, Default: false, Doc: "This server is the hub of the connection."},
		{Path: "deny_imports", Aliases: []string{"deny_import"}, Type: Strings, Doc: "Subjects that do not come in."},
		{Path: "deny_exports", Aliases: []string{"deny_export"}, Type: Strings, Doc: "Subjects that do not go out."},
		{Path: "ws_compression", Aliases: []string{"ws_compress", "websocket_compress", "websocket_compression"}, Type: Bool, Default: false, Doc: "Compresses WebSocket messages."},
		{Path: "ws_no_masking", Aliases: []string{"websocket_no_masking"}, Type: Bool, Default: false, Doc: "Asks the other side not to require masked frames."},
		{Path: "jetstream_cluster_migrate", Aliases: []string{"js_cluster_migrate"}, Type: Block, Short: "enabled", Lenient: true, Doc: "Moves stream leaders away while the remote is not reached."},
		{Path: "jetstream_cluster_migrate.enabled", Type: Bool, Default: true, PlainOnly: true, Doc: "The value in place of the block."},
		{Path: "jetstream_cluster_migrate.leader_migrate_delay", Type: DurationOrSeconds, Exact: true, Check: checkAtLeast0("leader_migrate_delay"), Doc: "Time to wait before that."},
		{Path: "isolate_leafnode_interest", Aliases: []string{"isolate"}, Type: Bool, Default: false, Doc: "The remote is not told what other leafnodes subscribe to."},
		{Path: "request_isolation", Type: Bool, Default: false, Doc: "Asks the remote not to tell what its other leafnodes subscribe to."},
		{Path: "first_info_timeout", Type: DurationOrSeconds, Default: time.Second, ZeroIsDefault: true, Check: checkAtLeast0("first_info_timeout"), Doc: "Time that the remote's first line may take."},
		{Path: "dial_timeout", Type: DurationOrSeconds, Check: checkAtLeast0("dial_timeout"), Doc: "Time that one try to connect may take; that of leafnodes when not set."},
		{Path: "disabled", Type: Bool, Default: false, Doc: "The remote is not connected to."},
		{Path: "ignore_discovered_servers", Type: Bool, Default: false, Doc: "Connects to the given addresses only."},
		{Path: "proxy", Type: Block, Doc: "HTTP proxy for WebSocket addresses."},
		{Path: "proxy.url", Type: Text, Secret: true, Doc: "Its address, http or https."},
		{Path: "proxy.username", Type: Text, Doc: "User name for the proxy."},
		{Path: "proxy.password", Type: Text, Secret: true, Doc: "Password for the proxy."},
		{Path: "proxy.timeout", Type: DurationOrSeconds, Check: checkAtLeast0("timeout"), Doc: "Time that the proxy may take; the dial timeout when not set."},
	}),
	tlsKeys("leafnodes.remotes[].tls"),
	compressionKeys("leafnodes.remotes[].compression", "s2_auto", "s2_auto"),
)

// noLeafnodes tells that a leafnodes block neither takes nor makes connections.
func noLeafnodes(b *block) bool {
	return noPort(b) && !slices.ContainsFunc(b.list("remotes"), func(r *block) bool { return !r.bool("disabled") })
}

func checkUserSeed(v any) error {
	seed, _ := v.(string)
	kind, _, err := nkeys.DecodeSeed([]byte(seed))
	if err != nil || kind != nkeys.PrefixByteUser {
		return errors.New("Remote leafnode nkey is not a valid seed") //nolint:staticcheck // the peer's words
	}
	return nil
}

// checkLeafVersion wants X.Y.Z, 2.8.0 or later: older servers do not say their version.
func checkLeafVersion(v any) error {
	s, _ := v.(string)
	if s == "" {
		return nil
	}
	parts := strings.Split(strings.SplitN(strings.TrimPrefix(s, "v"), "-", 2)[0], ".")
	numbers := make([]int, len(parts))
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || len(parts) != 3 {
			return fmt.Errorf("invalid leafnode's minimum version: %q is not of the form X.Y.Z", s)
		}
		numbers[i] = n
	}
	if slices.Compare(numbers, []int{2, 8, 0}) < 0 {
		return errors.New("the minimum version should be at least 2.8.0")
	}
	return nil
}
