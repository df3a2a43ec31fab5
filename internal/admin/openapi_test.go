package admin_test

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the OpenAPI document of the API, to which all answers of the tests are held.
type contract struct {
	doc   map[string]any
	paths map[string]*regexp.Regexp // by path of the document

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
}

const contractURL = "http://natsd/openapi.json"

func newContract(text []byte) (*contract, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := &contract{paths: map[string]*regexp.Regexp{}, compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	c.doc, _ = doc.(map[string]any)
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	if err := c.compiler.AddResource(contractURL, doc); err != nil {
		return nil, err
	}
	variable := regexp.MustCompile(`\\\{[a-z]+\\\}`)
	for path := range c.doc["paths"].(map[string]any) {
		pattern := variable.ReplaceAllStringFunc(regexp.QuoteMeta(path), func(name string) string {
			if strings.Contains(name, "pointer") {
				return ".+"
			}
			return "[^/]+"
		})
		c.paths[path] = regexp.MustCompile("^" + pattern + "$")
	}
	return c, nil
}

// at walks down the document.
func at(doc any, elems ...string) any {
	for _, e := range elems {
		m, _ := doc.(map[string]any)
		doc = m[e]
	}
	return doc
}

// check holds one answer to the document: the status must be described, and the body must fit its schema.
func (c *contract) check(method, path string, a answer) error {
	if method == http.MethodHead {
		return nil
	}
	found := ""
	for p, pattern := range c.paths {
		if pattern.MatchString(path) && at(c.doc, "paths", p, strings.ToLower(method)) != nil && len(p) > len(found) {
			found = p
		}
	}
	if found == "" {
		return nil // a path that does not exist
	}
	status := strconv.Itoa(a.StatusCode)
	elems := []string{"paths", found, strings.ToLower(method), "responses", status}
	if at(c.doc, elems...) == nil {
		return fmt.Errorf("%s %s: status %s is not described", method, found, status)
	}
	media, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if len(a.body) == 0 || media == "" {
		return nil
	}
	elems = append(elems, "content", media)
	if at(c.doc, elems...) == nil {
		if media == "application/yaml" || media == "text/plain" && a.StatusCode >= 400 {
			return nil // YAML of the same shape; errors of nats-server's endpoints
		}
		return fmt.Errorf("%s %s: %s with status %s is not described", method, found, media, status)
	}
	if !strings.HasSuffix(media, "json") || strings.HasSuffix(media, "ndjson") {
		return nil
	}
	return c.validate(append(elems, "schema"), a.body)
}

func (c *contract) validate(elems []string, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	var pointer strings.Builder
	for _, e := range elems {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(e))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.schemas[pointer.String()]
	if s == nil {
		if s, err = c.compiler.Compile(contractURL + "#" + pointer.String()); err != nil {
			return err
		}
		c.schemas[pointer.String()] = s
	}
	return s.Validate(value)
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	operations := map[string]string{}
	for path, item := range n.contract.doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			if method == "parameters" {
				continue
			}
			id, _ := at(op, "operationId").(string)
			if other := operations[id]; other != "" {
				t.Errorf("%s %s has the operationId of %s", method, path, other)
			}
			operations[id] = method + " " + path
			if summary, _ := at(op, "summary").(string); !strings.HasSuffix(summary, ".") {
				t.Errorf("%s %s: summary %q", method, path, summary)
			}
		}
	}
	if len(operations) < 30 {
		t.Errorf("only %d operations", len(operations))
	}
	// What is described exists: it is refused to nobody on the socket with 404 or 405 for its path.
	for _, where := range operations {
		method, path, _ := strings.Cut(where, " ")
		if method != "get" || strings.Contains(path, "{") || strings.HasPrefix(path, "/events") || strings.HasSuffix(path, "/stream") {
			continue
		}
		if a := n.ask(http.MethodGet, path, nil); a.StatusCode == http.StatusNotFound && strings.Contains(string(a.body), "there is no "+path) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

func TestDocsPage(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	a := n.ask(http.MethodGet, "/docs", nil)
	n.want(a, http.StatusOK, nil)
	page := string(a.body)
	for _, want := range []string{"/api/v1/reload", "dry_run", "<!DOCTYPE html>", "out_bytes&gt;1e9 &amp;&amp;"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, `src="http`) || !strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%s", a.Header)
	}
	if yaml := n.ask(http.MethodGet, "/openapi.yaml", nil); !strings.Contains(string(yaml.body), "openapi: 3.1.0\n") {
		t.Errorf("%.200s", yaml.body)
	}
}
