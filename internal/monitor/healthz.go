package monitor

import (
	"net/http"
	"strings"
)

// HealthzQuery selects what is checked. Without JetStream the listeners are all there is.
type HealthzQuery struct {
	JSEnabledOnly bool   `json:"js-enabled-only"`
	JSServerOnly  bool   `json:"js-server-only"`
	JSMetaOnly    bool   `json:"js-meta-only"`
	Account       string `json:"account"`
	Stream        string `json:"stream"`
	Consumer      string `json:"consumer"`
	Details       bool   `json:"details"` // list errors instead of one text
}

// Healthz is the outcome of a health check. StatusCode is printed in $SYS replies only: HTTP has its
// own place for it.
type Healthz struct {
	Status     string        `json:"status"`
	StatusCode int           `json:"status_code,omitempty"`
	Error      string        `json:"error,omitempty"`
	Errors     []HealthError `json:"errors,omitempty"`
}

// HealthError is one thing that is not well.
type HealthError struct {
	Type     string `json:"type"`
	Account  string `json:"account,omitempty"`
	Stream   string `json:"stream,omitempty"`
	Consumer string `json:"consumer,omitempty"`
	Error    string `json:"error"`
}

// Healthz checks the health of the server.
func (c *Collector) Healthz(q HealthzQuery) *Healthz {
	switch {
	case q.Account == "" && q.Stream != "":
		return unwell(q.Details, http.StatusBadRequest, "BAD_REQUEST", `"account" must not be empty when checking stream health`)
	case q.Stream == "" && q.Consumer != "":
		return unwell(q.Details, http.StatusBadRequest, "BAD_REQUEST", `"stream" must not be empty when checking consumer health`)
	}
	if missing := c.source.NotReady(); len(missing) > 0 {
		return unwell(q.Details, http.StatusInternalServerError, "CONNECTION",
			"failed to be ready for connections after 1ms: "+strings.Join(missing, ", "))
	}
	return &Healthz{Status: "ok", StatusCode: http.StatusOK}
}

func unwell(details bool, code int, kind, text string) *Healthz {
	h := &Healthz{Status: "error", StatusCode: code}
	if details {
		h.Errors = []HealthError{{Type: kind, Error: text}}
	} else {
		h.Error = text
	}
	return h
}
