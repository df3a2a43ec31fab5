package client

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// harmless are the keys of CONNECT whose values may be shown. Whatever else a client sends may be a
// secret, under a name that is misspelt or not known here.
var harmless = []string{
	"verbose", "pedantic", "echo", "protocol", "headers", "no_responders", "tls_required",
	"name", "lang", "version", "user", "nkey", "account", "new_account",
}

// malformed stands for a CONNECT that is no JSON object: nobody can tell what in it is secret.
const malformed = "[MALFORMED]"

// redact returns the JSON of a CONNECT without secrets. Keys are compared as package json does, so
// that none gets through in another case or with escapes.
func redact(text []byte) string {
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') || !json.Valid(text) {
		return malformed
	}
	var out []byte
	shown := 0
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return malformed
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return malformed
		}
		name, _ := key.(string)
		if slices.ContainsFunc(harmless, func(k string) bool { return strings.EqualFold(k, name) }) {
			continue
		}
		end := int(dec.InputOffset())
		out = append(out, text[shown:end-len(value)]...)
		out = append(out, `"[REDACTED]"`...)
		shown = end
	}
	return string(append(out, text[shown:]...))
}
