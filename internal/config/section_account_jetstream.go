package config

import (
	"fmt"
	"slices"
	"strings"

	"natsd/internal/config/syntax"
)

// accountJetStreamSection is the jetstream block of each account.
var accountJetStreamSection = section{title: "Accounts: JetStream", decode: decodeAccountsJetStream, keys: under("accounts.*.jetstream", []Key{
	{Path: "", Type: Block, Short: "enabled", Pending: "JetStream", TypeError: "Expected map, bool or string to define JetStream, got %s", Idle: func(b *block) bool { return !b.bool("enabled") }, Doc: "JetStream of the account. Limits are unlimited when not set."},
	{Path: ".enabled", Type: Bool | Text, Default: true, PlainOnly: true, Parse: parseEnabled, Doc: "The value in place of the block."},
	{Path: ".max_memory", Aliases: []string{"max_mem", "mem", "memory"}, Type: Size, Default: -1, TypeError: sizeOf("max_memory"), Doc: "Memory for streams."},
	{Path: ".max_store", Aliases: []string{"max_file", "max_disk", "store", "disk"}, Type: Size, Default: -1, TypeError: sizeOf("max_store"), Doc: "Disk space for streams."},
	{Path: ".max_streams", Aliases: []string{"streams"}, Type: Int, Default: -1, TypeError: sizeOf("max_streams"), Doc: "Number of streams."},
	{Path: ".max_consumers", Aliases: []string{"consumers"}, Type: Int, Default: -1, TypeError: sizeOf("max_consumers"), Doc: "Number of consumers."},
	{Path: ".max_ack_pending", Type: Int, Default: -1, TypeError: sizeOf("max_ack_pending"), Doc: "Unacknowledged messages of a consumer."},
	{Path: ".mem_max_stream_bytes", Aliases: []string{"memory_max_stream_bytes"}, Type: Size, Default: -1, TypeError: sizeOf("mem_max_stream_bytes"), Doc: "Size of one stream in memory."},
	{Path: ".disk_max_stream_bytes", Aliases: []string{"store_max_stream_bytes"}, Type: Size, Default: -1, TypeError: sizeOf("disk_max_stream_bytes"), Doc: "Size of one stream on disk."},
	{Path: ".max_bytes_required", Aliases: []string{"max_stream_bytes", "max_bytes"}, Type: Bool, Default: false, Doc: "Every stream must have a size limit."},
	{Path: ".cluster_traffic", Type: Text, Default: "system", Parse: parseClusterTraffic, Doc: "Account that carries the traffic between copies: `system` or `owner`."},
})}

func sizeOf(name string) string {
	return fmt.Sprintf("Expected a parseable size for %q, got %%s", name)
}

func parseClusterTraffic(v *syntax.Value) (any, error) {
	switch word := strings.ToLower(v.Str); word {
	case "system", "owner":
		return word, nil
	}
	return nil, fmt.Errorf("Expected 'system' or 'owner' string value for %q, got %s", "cluster_traffic", cut(v.Raw)) //nolint:staticcheck // the peer's words
}

func decodeAccountsJetStream(root *block, o *Options) {
	for _, nv := range root.names("accounts") {
		i := slices.IndexFunc(o.Accounts, func(a Account) bool { return a.Name == nv.Name })
		if nv.Block == nil || i < 0 {
			continue
		}
		b := nv.Block.block("jetstream")
		if !b.present || !b.bool("enabled") {
			continue
		}
		o.Accounts[i].JetStream = &AccountJetStream{
			MaxMemory: b.int64("max_memory"), MaxStore: b.int64("max_store"), MaxStreams: b.int("max_streams"), MaxConsumers: b.int("max_consumers"),
			MaxAckPending: b.int("max_ack_pending"), MaxMemoryStream: b.int64("mem_max_stream_bytes"), MaxStoreStream: b.int64("disk_max_stream_bytes"),
			MaxBytesRequired: b.bool("max_bytes_required"), ClusterTraffic: b.str("cluster_traffic"), Pos: b.pos,
		}
	}
}
