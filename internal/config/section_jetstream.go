package config

import (
	"fmt"
	"math"
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

var jetstreamSection = section{decode: decodeJetStream, check: checkJetStream, keys: []Key{
	{Path: "jetstream", Type: Block, Short: "enabled", Pending: "JetStream", Refuse: true, Idle: func(b *block) bool { return !b.bool("enabled") }, TypeError: "Expected map, bool or string to define JetStream, got %s", Flag: "--jetstream", Doc: "Streams and consumers. A block switches JetStream on."},
	{Path: "jetstream.enabled", Aliases: []string{"enable"}, Type: Bool | Text, Default: true, Parse: parseEnabled, Doc: "Switches JetStream on or off."},
	{Path: "jetstream.store_dir", Aliases: []string{"storedir", "store"}, Type: Text, Reload: Disruptive, Why: "JetStream stops and begins anew with it; connections stay.", Doc: "Directory of the stored messages; `jetstream` is appended."},
	{Path: "store_dir", Aliases: []string{"storedir"}, Type: Text, Pending: "JetStream", Flag: "--store_dir", Reload: Disruptive, Why: "JetStream stops and begins anew with it; connections stay.", Doc: "As `jetstream.store_dir`."},
	{Path: "jetstream.max_memory_store", Aliases: []string{"max_mem_store", "max_mem"}, Type: SizeOrText, Parse: parseStoreSize("max_mem_store"), Doc: "Memory for streams; three quarters of the machine's when not set, 0 is none."},
	{Path: "jetstream.max_file_store", Aliases: []string{"max_file"}, Type: SizeOrText, Parse: parseStoreSize("max_file_store"), Doc: "Disk space for streams; three quarters of what is free when not set, 0 is none."},
	{Path: "jetstream.domain", Type: Text, Reload: Disruptive, Why: "JetStream stops and begins anew with it; connections stay.", Doc: "JetStream domain."},
	{Path: "jetstream.sync_interval", Aliases: []string{"sync"}, Type: DurationOrSeconds, Default: "2m0s", Parse: parseSync, Doc: "Time between writes through to the disk, or `always`."},
	{Path: "jetstream.key", Aliases: []string{"ek", "encryption_key"}, Type: Text, Secret: true, Reload: Disruptive, Why: "JetStream stops and begins anew with it; connections stay.", Doc: "Encrypts what is stored."},
	{Path: "jetstream.prev_key", Aliases: []string{"prev_ek", "prev_encryption_key"}, Type: Text, Secret: true, Reload: Disruptive, Why: "JetStream stops and begins anew with it; connections stay.", Doc: "The key before a change of keys."},
	{Path: "jetstream.cipher", Type: Text, Default: "chacha", Parse: parseCipher, Reload: Disruptive, Why: "JetStream stops and begins anew with it; connections stay.", Doc: "`chacha` or `aes`."},
	{Path: "jetstream.tpm", Type: Block, Doc: "Keeps the key in a trusted platform module."},
	{Path: "jetstream.tpm.keys_file", Type: Text, Doc: "File of the sealed keys."},
	{Path: "jetstream.tpm.encryption_password", Type: Text, Secret: true, Doc: "Password of the sealed keys."},
	{Path: "jetstream.tpm.srk_password", Type: Text, Secret: true, Doc: "Password of the storage root key."},
	{Path: "jetstream.tpm.pcr", Type: Int, Doc: "Platform configuration register."},
	{Path: "jetstream.tpm.cipher", Type: Text, Parse: parseCipher, Doc: "`chacha` or `aes`."},
	{Path: "jetstream.unique_tag", Type: Text, Doc: "Copies of a stream go to servers whose tags with this prefix differ."},
	{Path: "jetstream.extension_hint", Type: Text, Words: []string{"no_extend", "will_extend"}, Doc: "Whether a leafnode extends the JetStream of the cluster that it connects to."},
	{Path: "jetstream.max_outstanding_catchup", Type: SizeOrText, Default: 64 << 20, ZeroIsDefault: true, Doc: "Bytes on the way to copies that catch up."},
	{Path: "jetstream.max_buffered_msgs", Type: Int, Default: 100000, ZeroIsDefault: true, Doc: "Messages that may wait for a stream."},
	{Path: "jetstream.max_buffered_size", Type: SizeOrText, Default: 128 << 20, ZeroIsDefault: true, Doc: "Bytes that may wait for a stream."},
	{Path: "jetstream.request_queue_limit", Type: Int, Default: 10000, ZeroIsDefault: true, Doc: "Waiting API requests."},
	{Path: "jetstream.info_queue_limit", Type: Int, Doc: "Waiting info requests; as `request_queue_limit` when not set."},
	{Path: "jetstream.meta_compact", Type: Int, Default: 0, Check: checkAtLeast0("meta_compact"), Doc: "Entries of the meta log after which it is compacted; 0 lets the server decide."},
	{Path: "jetstream.meta_compact_size", Type: SizeOrText, Default: 0, Check: checkAtLeast0("meta_compact_size"), Doc: "Bytes of the meta log after which it is compacted; 0 lets the server decide."},
	{Path: "jetstream.meta_compact_sync", Type: Bool, Default: false, Doc: "Compacts the meta log without handing the work to the background."},
	{Path: "jetstream.max_concurrent_io", Type: Int, Default: 4096, Check: checkConcurrentIO, Reload: Live, Doc: "File operations at the same time, 4 to 8192."},
	{Path: "jetstream.strict", Type: Bool, Default: true, Doc: "Refuses API requests with unknown fields."},
	{Path: "jetstream.limits", Type: Block, Doc: "Limits of streams and consumers; 0 is none."},
	{Path: "jetstream.limits.max_ack_pending", Type: Int, Default: 0, Doc: "Unacknowledged messages of a consumer."},
	{Path: "jetstream.limits.max_ha_assets", Type: Int, Default: 0, Doc: "Streams and consumers with copies on this server."},
	{Path: "jetstream.limits.max_request_batch", Type: Int, Default: 0, Doc: "Messages of one pull request."},
	{Path: "jetstream.limits.duplicate_window", Type: DurationText, Doc: "Longest window in which duplicates are found."},
	{Path: "jetstream.limits.batch", Type: Block, Doc: "Limits of batched publishing."},
	{Path: "jetstream.limits.batch.max_inflight_per_stream", Type: Int, Default: 50, Doc: "Open batches of one stream."},
	{Path: "jetstream.limits.batch.max_inflight_total", Type: Int, Default: 1000, Doc: "Open batches of the server."},
	{Path: "jetstream.limits.batch.max_msgs", Type: Int, Default: 1000, Doc: "Messages of one batch."},
	{Path: "jetstream.limits.batch.timeout", Type: DurationText, Default: 10 * time.Second, Doc: "Idle time after which a batch is dropped."},
	{Path: "default_js_domain", Type: Names, Pending: "JetStream domains", Doc: "JetStream domain by account."},
	{Path: "default_js_domain.*", Type: Text, Doc: "Domain of the account."},
}}

// parseEnabled reads true, false, enabled or disabled.
func parseEnabled(v *syntax.Value) (any, error) {
	if v.Kind == syntax.Bool {
		return v.Bool, nil
	}
	if v.Kind != syntax.String {
		return nil, fmt.Errorf("Expected map, bool or string to define JetStream, got %s", describe(v)) //nolint:staticcheck // the peer's words
	}
	switch strings.ToLower(v.Str) {
	case "enabled", "enable", "true":
		return true, nil
	case "disabled", "disable", "false":
		return false, nil
	}
	return nil, fmt.Errorf("Expected 'enabled' or 'disabled' for string value, got '%s'", cut(v.Str)) //nolint:staticcheck // the peer's words
}

// parseStoreSize reads a size; the error names the key as nats-server does, whichever alias was used.
func parseStoreSize(name string) func(*syntax.Value) (any, error) {
	return func(v *syntax.Value) (any, error) {
		switch v.Kind {
		case syntax.Int:
			return v.Int, nil
		case syntax.String:
			return sizeText(name, v.Str)
		}
		return nil, fmt.Errorf("expected %s, got %s", SizeOrText, describe(v))
	}
}

// parseSync gives "always" or the text of a duration.
func parseSync(v *syntax.Value) (any, error) {
	if v.Kind == syntax.String && strings.EqualFold(v.Str, "always") {
		return "always", nil
	}
	if d, ok := unquoted(v); ok {
		return d.String(), nil
	}
	if v.Kind == syntax.Int && v.Int >= 0 && v.Int < math.MaxInt64/int64(time.Second) {
		return (time.Duration(v.Int) * time.Second).String(), nil
	}
	d, err := time.ParseDuration(v.Str)
	switch {
	case v.Kind != syntax.String:
		return nil, fmt.Errorf("expected a duration such as \"10s\" or \"always\", got %s", describe(v))
	case err != nil:
		return nil, fmt.Errorf("error parsing sync_interval: %w", err)
	case d < 0:
		return nil, fmt.Errorf("sync_interval must not be negative, got %s", d)
	}
	return d.String(), nil
}

func parseCipher(v *syntax.Value) (any, error) {
	switch strings.ToLower(v.Str) {
	case "chacha", "chachapoly":
		return "chacha", nil
	case "aes":
		return "aes", nil
	}
	return nil, fmt.Errorf("Unknown cipher type: %q", cut(v.Str)) //nolint:staticcheck // the peer's words
}

func checkConcurrentIO(v any) error {
	if n, _ := v.(int64); n < 4 || n > 8192 {
		return fmt.Errorf("Expected an absolute size for %q between 4 and 8192, got %d", "max_concurrent_io", n) //nolint:staticcheck // the peer's words
	}
	return nil
}

func decodeJetStream(root *block, o *Options) {
	b := root.block("jetstream")
	if root.layer("store_dir") == FromFile && b.layer("store_dir") == FromFile {
		b.errorf("store_dir", "Duplicate 'store_dir' configuration")
	}
	for _, nv := range root.names("default_js_domain") {
		if domain, ok := nv.Plain.(string); ok {
			if o.DefaultJSDomain == nil {
				o.DefaultJSDomain = map[string]string{}
			}
			o.DefaultJSDomain[nv.Name] = domain
		}
	}
	if !b.present || !b.bool("enabled") {
		return
	}
	limits := b.block("limits")
	batch := limits.block("batch")
	js := &JetStream{
		StoreDir: b.str("store_dir"), MaxMemory: sizeOrUnset(b, "max_memory_store"), MaxFile: sizeOrUnset(b, "max_file_store"),
		Domain: b.str("domain"), SyncAlways: b.str("sync_interval") == "always",
		Key: b.secret("key"), PreviousKey: b.secret("prev_key"), Cipher: b.str("cipher"),
		UniqueTag: b.str("unique_tag"), ExtensionHint: b.str("extension_hint"), MaxCatchup: b.int64("max_outstanding_catchup"),
		MaxBufferedMsgs: b.int("max_buffered_msgs"), MaxBufferedBytes: b.int64("max_buffered_size"),
		RequestQueueLimit: b.int("request_queue_limit"), InfoQueueLimit: b.int("info_queue_limit"),
		MetaCompact: b.int("meta_compact"), MetaCompactBytes: b.int64("meta_compact_size"), MetaCompactSync: b.bool("meta_compact_sync"),
		MaxConcurrentIO: b.int("max_concurrent_io"), Strict: b.bool("strict"), Pos: b.pos,
		Limits: JetStreamLimits{
			MaxAckPending: limits.int("max_ack_pending"), MaxHAAssets: limits.int("max_ha_assets"), MaxRequestBatch: limits.int("max_request_batch"),
			DuplicateWindow: limits.dur("duplicate_window"), BatchInflightPerStream: batch.int("max_inflight_per_stream"),
			BatchInflightTotal: batch.int("max_inflight_total"), BatchMaxMsgs: batch.int("max_msgs"), BatchTimeout: batch.dur("timeout"),
		},
	}
	js.SyncInterval, _ = time.ParseDuration(b.str("sync_interval")) // parseSync wrote it; "always" gives 0
	if root.has("store_dir") && (root.layer("store_dir") == FromFlag || !b.has("store_dir")) {
		js.StoreDir = root.str("store_dir")
	}
	if js.InfoQueueLimit == 0 {
		js.InfoQueueLimit = js.RequestQueueLimit
	}
	if t := b.block("tpm"); t.present {
		js.TPM = &TPM{KeysFile: t.str("keys_file"), EncryptionPassword: t.secret("encryption_password"), SRKPassword: t.secret("srk_password"), PCR: t.int("pcr"), Cipher: t.str("cipher")}
	}
	o.JetStream = js
}

func sizeOrUnset(b *block, name string) int64 {
	if !b.good(name) {
		return -1
	}
	return b.int64(name)
}

func checkJetStream(root *block, o *Options) {
	b := root.block("jetstream")
	if o.Operator == nil {
		for _, nv := range root.names("default_js_domain") {
			if !o.knownAccount(nv.Name) {
				b.d.errorAt(nv.Pos, "default_js_domain", "in non operator mode, `default_js_domain` references non existing account %q", nv.Name)
			}
		}
	}
	js := o.JetStream
	if js == nil {
		return
	}
	if strings.ContainsAny(js.Domain, ".*> \t") {
		b.errorf("domain", "invalid domain name: may not contain ., * or >")
	}
	if o.Cluster == nil || o.Cluster.Port == 0 {
		return
	}
	if o.ServerName == "" {
		b.errorf("", "jetstream cluster requires `server_name` to be set")
	}
	if o.Cluster.Name == "" && (o.Gateway == nil || o.Gateway.Name == "") {
		b.errorf("", "jetstream cluster requires `cluster.name` to be set")
	}
	if len(o.Cluster.Routes) == 0 && (o.Leafnodes == nil || len(o.Leafnodes.Remotes) == 0) {
		b.errorf("", "JetStream cluster requires configured routes or solicited leafnode for the system account")
	}
}
