package config

// KnownFeatures returns the switches of feature_flags that nats-server knows, with their defaults.
// They concern JetStream; natsd takes them, shows them and has no use for them yet.
func KnownFeatures() map[string]bool {
	return map[string]bool{"js_ack_fc_v2": false, "js_raft_delete_range": false}
}
