package config

// Operator is operator mode: trusted operators or keys and the account resolver.
type Operator struct{}
