package config

// JetStream is the jetstream block of the server.
type JetStream struct{}

// AccountJetStream is the jetstream block of one account.
type AccountJetStream struct{}
