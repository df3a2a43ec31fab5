package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[REDACTED]"

// secretWords are in the names of values that are not shown.
var secretWords = []string{"pass", "secret", "token", "hash", "seed", "jwt", "cred", "private"}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, w := range secretWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// secretText finds secrets by their form: user and password of a URL, the seed of an nkey, a token that
// the API has made.
var secretText = regexp.MustCompile(`://\S*@|\bS[ACNOUX][A-Z2-7]{50,}\b|\bndt_[A-Za-z0-9_-]+`)

// redact takes secrets out of a JSON value, in place.
func redact(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if secretName(name) {
				v[name] = redacted
			} else {
				v[name] = redact(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = redact(v[i])
		}
	case string:
		return secretText.ReplaceAllStringFunc(v, func(s string) string {
			if strings.HasPrefix(s, "://") {
				return "://" + redacted + "@"
			}
			return redacted
		})
	}
	return v
}

// longestParams bounds what the audit keeps of a query and of a body.
const longestParams = 8 << 10

// params is what a request asks for, as the audit keeps it. A body that may be a configuration is kept as
// its digest.
func (c *call) params(body []byte) map[string]any {
	out := map[string]any{}
	if n := len(c.r.URL.RawQuery); n > longestParams {
		out["query_bytes"] = n
	} else if n > 0 {
		out["query"] = queryOf(c.r.URL.Query())
	}
	if len(body) == 0 {
		return out
	}
	var value any
	if c.route.plainBody() && len(body) <= longestParams && json.Unmarshal(body, &value) == nil {
		c.route.hideUnknown(value)
		out["body"] = redact(value)
		return out
	}
	sum := sha256.Sum256(body)
	out["body_bytes"], out["body_digest"] = len(body), "sha256:"+hex.EncodeToString(sum[:])
	return out
}

func queryOf(q url.Values) map[string]any {
	out := map[string]any{}
	for name, values := range q {
		out[name] = strings.Join(values, ",")
	}
	redact(out)
	return out
}

// hideUnknown hides the values of fields that a body does not have: a misspelt name says nothing about what
// stands there.
func (rt *route) hideUnknown(value any) {
	fields, ok := value.(map[string]any)
	if !ok {
		return
	}
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeOf(rt.body)) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[name] = true
	}
	for name := range fields {
		if !known[name] {
			fields[name] = redacted
		}
	}
}

// plainBody tells that a body is made of fields that hold no configuration.
func (rt *route) plainBody() bool {
	return rt.body != nil && len(rt.media) == 0 && reflect.TypeOf(rt.body).Kind() == reflect.Struct
}
