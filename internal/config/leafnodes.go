package config

// Leafnodes is the leafnodes block: leafnode connections taken and made.
type Leafnodes struct{}
