package config

// MQTT is the MQTT listener.
type MQTT struct{}
