package config

import "time"

// JetStream is the jetstream block of the server. It is nil when JetStream is off.
type JetStream struct {
	StoreDir  string // without the "jetstream" that is appended; empty is the default place
	MaxMemory int64  // bytes; 0 is none, -1 three quarters of the machine's
	MaxFile   int64  // bytes; 0 is none, -1 three quarters of what is free
	Domain    string

	SyncInterval time.Duration
	SyncAlways   bool

	Key, PreviousKey Secret // empty is no encryption
	Cipher           string // "chacha" or "aes"
	TPM              *TPM

	UniqueTag         string
	ExtensionHint     string // "", "no_extend" or "will_extend"
	MaxCatchup        int64  // bytes
	MaxBufferedMsgs   int
	MaxBufferedBytes  int64
	RequestQueueLimit int
	InfoQueueLimit    int
	MetaCompact       int
	MetaCompactBytes  int64
	MetaCompactSync   bool
	MaxConcurrentIO   int
	Strict            bool
	Limits            JetStreamLimits
	Pos               Pos
}

// JetStreamLimits bounds streams and consumers; 0 is unlimited where nothing else is said.
type JetStreamLimits struct {
	MaxAckPending   int
	MaxHAAssets     int
	MaxRequestBatch int
	DuplicateWindow time.Duration

	BatchInflightPerStream int
	BatchInflightTotal     int
	BatchMaxMsgs           int
	BatchTimeout           time.Duration
}

// TPM names the keys in a trusted platform module.
type TPM struct {
	KeysFile           string
	EncryptionPassword Secret
	SRKPassword        Secret
	PCR                int
	Cipher             string
}

// AccountJetStream is the jetstream block of one account; -1 is unlimited. It is nil when JetStream is
// off for the account.
type AccountJetStream struct {
	MaxMemory, MaxStore      int64 // bytes
	MaxStreams, MaxConsumers int
	MaxAckPending            int
	MaxMemoryStream          int64 // bytes of one stream
	MaxStoreStream           int64
	MaxBytesRequired         bool
	ClusterTraffic           string // "system" or "owner"
	Pos                      Pos
}
