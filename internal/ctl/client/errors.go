package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"natsd/internal/admin/api"
)

// ConnectError says that a server could not be reached, or did not answer in time.
type ConnectError struct {
	Err   error
	Tried string // what was tried, for people
}

// Error implements error.
func (e *ConnectError) Error() string {
	if e.Tried == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + ": " + e.Tried
}

// Unwrap implements errors.
func (e *ConnectError) Unwrap() error { return e.Err }

// AsProblem returns the answer of the server by which a request was refused.
func AsProblem(err error) (*api.Problem, bool) {
	var p *api.Problem
	ok := errors.As(err, &p)
	return p, ok
}

// maxProblemText is how much of an answer without a problem is quoted.
const maxProblemText = 400

// refusal makes the error of an answer that is none of success.
func refusal(r *Response) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	p := &api.Problem{}
	if kind == api.ProblemType && json.Unmarshal(r.Body, p) == nil {
		if p.Status == 0 {
			p.Status = r.Status
		}
		return p
	}
	text := strings.TrimSpace(string(r.Body))
	if strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") {
		text = ""
	}
	if len(text) > maxProblemText {
		text = text[:maxProblemText] + "…"
	}
	return &api.Problem{Type: "about:blank", Title: http.StatusText(r.Status), Status: r.Status, Detail: text}
}

// ErrReadOnly says that a request needs the admin API, and the target is a monitoring port.
var ErrReadOnly = errors.New("this needs the admin API of natsd, and a monitoring port has none")

// notAnAPI improves the error of a server that does not know the paths of the admin API.
func notAnAPI(t Target, r *Response, err error) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if t.Monitor || r.Status != http.StatusNotFound || kind == api.ProblemType {
		return err
	}
	return &NoAPIError{Target: t}
}

// NoAPIError says that a server answered that has no admin API.
type NoAPIError struct{ Target Target }

// Error implements error.
func (e *NoAPIError) Error() string {
	return fmt.Sprintf("%s answers, but has no admin API: if it is a monitoring port, add --compat", e.Target)
}
