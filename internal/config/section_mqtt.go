package config

import (
	"fmt"
	"math"
	"slices"
	"time"
)

var mqttSection = section{decode: decodeMQTT, check: checkMQTT, keys: slices.Concat(
	[]Key{
		{Path: "mqtt", Type: Block, Pending: "MQTT", Refuse: true, Idle: noPort, Doc: "Listener for MQTT clients."},
	},
	listenKeys("mqtt", "MQTT clients"),
	tlsKeys("mqtt.tls"),
	listenerAuthKeys("mqtt.authorization"),
	under("mqtt.", []Key{
		{Path: "no_auth_user", Type: Text, Doc: "User or nkey that MQTT clients without credentials become."},
		{Path: "ack_wait", Aliases: []string{"ackwait"}, Type: DurationOrSeconds, Default: 30 * time.Second, ZeroIsDefault: true, Check: checkPositive("ack wait"), Reload: NewOnly, Doc: "Time after which an unacknowledged message is sent again."},
		{Path: "max_ack_pending", Aliases: []string{"max_pending", "max_inflight"}, Type: Int, Default: 1024, ZeroIsDefault: true, Check: checkUint16, Doc: "Unacknowledged messages of one subscription."},
		{Path: "js_api_timeout", Aliases: []string{"api_timeout"}, Type: DurationOrSeconds, Default: 5 * time.Second, ZeroIsDefault: true, Check: checkPositive("JS API timeout"), Doc: "Time that JetStream may take to answer."},
		{Path: "js_domain", Type: Text, Doc: "JetStream domain that keeps the sessions."},
		{Path: "stream_replicas", Type: Int, Default: 0, Reload: NewOnly, Doc: "Copies of the streams; 0 goes by the size of the cluster, up to 3."},
		{Path: "consumer_replicas", Type: Int, Doc: "Ignored: consumers have the copies of their stream."},
		{Path: "consumer_memory_storage", Type: Bool, Default: false, Reload: NewOnly, Doc: "Consumers live in memory."},
		{Path: "consumer_inactive_threshold", Aliases: []string{"consumer_auto_cleanup"}, Type: DurationOrSeconds, Check: checkAtLeast0("consumer_inactive_threshold"), Reload: NewOnly, Doc: "Idle time after which a consumer is removed; 0 is never."},
		{Path: "reject_qos2_publish", Type: Bool, Default: false, Doc: "Closes connections that publish with QoS 2."},
		{Path: "downgrade_qos2_subscribe", Type: Bool, Default: false, Doc: "Grants QoS 1 to those who ask for 2."},
	}),
)}

func checkPositive(what string) func(any) error {
	return func(v any) error {
		if d, _ := v.(time.Duration); d < 0 {
			return fmt.Errorf("%s must be a positive value", what)
		}
		return nil
	}
}

func checkUint16(v any) error {
	if n, _ := v.(int64); n < 0 || n > math.MaxUint16 {
		return fmt.Errorf("invalid value %d, should in [0..%d] range", n, math.MaxUint16)
	}
	return nil
}

func decodeMQTT(root *block, o *Options) {
	if !root.has("mqtt") {
		return
	}
	b := root.block("mqtt")
	if b.has("consumer_replicas") {
		b.warnf("consumer_replicas", "consumer_replicas is ignored: consumers have the replicas of their stream")
	}
	o.MQTT = &MQTT{
		Host: b.str("host"), Port: b.int("port"), TLS: decodeTLS(b.block("tls"), tlsListen),
		Auth: decodeListenerAuth(b.block("authorization")), NoAuthUser: b.str("no_auth_user"),
		AckWait: b.dur("ack_wait"), MaxAckPending: b.int("max_ack_pending"), APITimeout: b.dur("js_api_timeout"), Domain: b.str("js_domain"),
		StreamReplicas: b.int("stream_replicas"), ConsumerMemoryStorage: b.bool("consumer_memory_storage"),
		ConsumerInactive: b.dur("consumer_inactive_threshold"),
		RejectQoS2:       b.bool("reject_qos2_publish"), DowngradeQoS2: b.bool("downgrade_qos2_subscribe"), Pos: b.pos,
	}
}

func checkMQTT(root *block, o *Options) {
	m, b := o.MQTT, root.block("mqtt")
	if m == nil || m.Port == 0 {
		return
	}
	clustered := o.Cluster != nil && o.Cluster.Port != 0 || o.Gateway != nil && o.Gateway.Port != 0
	leaf := o.Leafnodes != nil && len(o.Leafnodes.Remotes) > 0
	switch {
	case clustered && o.ServerName == "":
		b.errorf("", "mqtt requires server name to be explicitly set")
	case !clustered && !leaf && o.JetStream == nil:
		b.errorf("", "mqtt requires JetStream to be enabled if running in standalone mode")
	}
	checkListenerAuth(b, "mqtt", o)
	checkListenerNoAuthUser(b, m.NoAuthUser, o)
}
