package config

// Gateway is the gateway block: connections between clusters.
type Gateway struct{}
