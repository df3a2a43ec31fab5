package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"go.yaml.in/yaml/v3"

	"natsd/internal/admin/api"
)

// answer is an answer that is more than a value: a status, headers, a body that is no JSON.
type answer struct {
	status int // 0 is that of the route
	header http.Header
	value  any    // becomes the body, as JSON or YAML
	body   []byte // in place of value
	media  string // of body
	free   func() // gives the memory of body back once it is written; nil is left to the collector
	done   bool   // it has been written already
}

// written is the answer of who has written himself.
var written = answer{done: true}

// headers sets what every answer carries.
func (c *call) headers() {
	h := c.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", c.id)
	c.settings.permitOrigin(h, c.r.Header.Get("Origin"))
}

// answerOf is what an endpoint returned: nothing, an [answer], or a value that becomes JSON.
func answerOf(out any) answer {
	ans, ok := out.(answer)
	if !ok {
		ans = answer{value: out}
	}
	return ans
}

// encoded makes the body of an answer, if it has a value.
func (c *call) encoded(out any) (any, error) {
	ans := answerOf(out)
	if ans.done || ans.value == nil || ans.body != nil {
		return ans, nil
	}
	var err error
	ans.body, ans.media, err = c.encode(ans.value)
	return ans, err
}

// reply writes what an endpoint returned.
func (c *call) reply(out any) {
	ans := answerOf(out)
	if ans.done {
		return
	}
	maps.Copy(c.w.Header(), ans.header)
	status := cmp.Or(ans.status, c.route.status, http.StatusOK)
	if ans.value == nil && ans.body == nil {
		if ans.status == 0 && c.route.status == 0 {
			status = http.StatusNoContent
		}
		c.w.WriteHeader(status)
		return
	}
	if ans.body == nil {
		var err error
		if ans.body, ans.media, err = c.encode(ans.value); err != nil {
			c.fail(err)
			return
		}
	}
	c.write(status, ans.media, ans.body)
	if ans.free != nil {
		ans.free()
	}
}

const (
	jsonAnswer = "application/json; charset=utf-8"
	yamlType   = "application/yaml"
)

// encode makes JSON, or YAML of the same shape for those who ask for that.
func (c *call) encode(v any) (body []byte, media string, err error) {
	if body, err = json.Marshal(v); err != nil {
		return nil, "", fmt.Errorf("encode the answer: %w", err)
	}
	if !strings.Contains(c.r.Header.Get("Accept"), yamlType) {
		return append(body, '\n'), jsonAnswer, nil
	}
	var tree yaml.Node // JSON is YAML; the node keeps the order of the keys
	if err = yaml.Unmarshal(body, &tree); err != nil {
		return nil, "", fmt.Errorf("encode the answer: %w", err)
	}
	blockStyle(&tree)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err = enc.Encode(&tree); err != nil {
		return nil, "", fmt.Errorf("encode the answer: %w", err)
	}
	return out.Bytes(), yamlType, nil
}

// blockStyle forgets that a tree was written as JSON.
func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		blockStyle(child)
	}
}

// fail writes an error.
func (c *call) fail(err error) {
	p := *c.problemOf(err)
	p.Instance, p.RequestID = c.r.URL.Path, c.id
	c.api.counts.add(string(p.Code))
	body, err := json.Marshal(&p)
	if err != nil {
		c.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if p.Code == api.RateLimited && c.w.Header().Get("Retry-After") == "" {
		c.w.Header().Set("Retry-After", "1")
	}
	c.write(p.Status, api.ProblemType, append(body, '\n'))
}

// write sends an answer. A client that went away has no use for an error.
func (c *call) write(status int, media string, body []byte) {
	c.w.Header().Set("Content-Type", media)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body)
}
