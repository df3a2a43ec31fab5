package api

// Config is a configuration as it takes effect. Secrets are "[REDACTED]".
type Config struct {
	Revision int               `json:"revision"`
	Digest   string            `json:"digest"`
	View     string            `json:"view"`    // "effective", "file" or "defaults"
	Config   map[string]any    `json:"config"`  // in the form of a configuration file written as JSON
	Sources  map[string]Source `json:"sources"` // by JSON Pointer; a value without a source is a default
}

// Setting is one value of the configuration with what is known of its key.
type Setting struct {
	Pointer    string  `json:"pointer"`
	Key        string  `json:"key"` // in the notation of the reference
	Value      any     `json:"value"`
	Default    string  `json:"default,omitempty"`
	Type       string  `json:"type,omitempty"`
	Reloadable string  `json:"reloadable"` // what a change does: "live", "restart", …
	Why        string  `json:"why,omitempty"`
	Doc        string  `json:"doc,omitempty"`
	Flag       string  `json:"flag,omitempty"`
	Env        string  `json:"env,omitempty"`
	Pending    string  `json:"pending,omitempty"` // feature that this version does not have
	Source     *Source `json:"source,omitempty"`  // none for a default and for a block
}
