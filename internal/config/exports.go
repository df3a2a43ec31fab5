package config

// Export is one entry of an account's exports.
type Export struct{}

// Import is one entry of an account's imports.
type Import struct{}

// Mapping is one subject mapping of an account.
type Mapping struct{}

// MsgTrace says where message traces of an account go.
type MsgTrace struct{}
