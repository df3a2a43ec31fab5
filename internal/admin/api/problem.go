package api

import (
	"fmt"
	"net/http"
	"strings"
)

// Problem is an error of the API, as RFC 9457 describes it. Its media type is [ProblemType].
type Problem struct {
	Type      string `json:"type"` // "about:blank"
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Instance  string `json:"instance,omitempty"` // path of the request
	Code      Code   `json:"code"`
	RequestID string `json:"request_id,omitempty"`
	Errors    []Item `json:"errors,omitempty"` // all that is wrong, not only the first
	Plan      *Plan  `json:"plan,omitempty"`   // of a reload that was refused
}

// ProblemType is the media type of a [Problem].
const ProblemType = "application/problem+json"

// Code names a problem for machines. Codes never change their meaning.
type Code string

// The codes of problems.
const (
	BadRequest           Code = "bad_request"
	InvalidParameter     Code = "invalid_parameter"
	Unauthenticated      Code = "unauthenticated"
	Forbidden            Code = "forbidden"
	NotFound             Code = "not_found"
	MethodNotAllowed     Code = "method_not_allowed"
	NotAcceptable        Code = "not_acceptable"
	FilterRequired       Code = "filter_required" // nothing says which rows are meant
	Conflict             Code = "conflict"
	ReloadInProgress     Code = "reload_in_progress"
	ReloadNeedsRestart   Code = "reload_requires_restart"
	ReloadRejected       Code = "reload_rejected"
	PreconditionFailed   Code = "precondition_failed"
	PreconditionRequired Code = "precondition_required"
	ConfigInvalid        Code = "config_invalid"
	UnsupportedMediaType Code = "unsupported_media_type"
	TooLarge             Code = "too_large"
	RateLimited          Code = "rate_limited"
	CursorExpired        Code = "cursor_expired"
	Misdirected          Code = "misdirected" // the Host header names somebody else
	Draining             Code = "draining"
	AuditUnavailable     Code = "audit_unavailable" // a change that cannot be recorded is not made
	Timeout              Code = "timeout"
	FeatureDisabled      Code = "feature_disabled"
	Internal             Code = "internal"
)

// status is the HTTP status of each code.
var status = map[Code]int{
	BadRequest: http.StatusBadRequest, InvalidParameter: http.StatusBadRequest, Unauthenticated: http.StatusUnauthorized,
	Forbidden: http.StatusForbidden, NotFound: http.StatusNotFound, MethodNotAllowed: http.StatusMethodNotAllowed,
	NotAcceptable: http.StatusNotAcceptable, FilterRequired: http.StatusUnprocessableEntity, Conflict: http.StatusConflict, ReloadInProgress: http.StatusConflict,
	ReloadNeedsRestart: http.StatusConflict, ReloadRejected: http.StatusUnprocessableEntity,
	PreconditionFailed: http.StatusPreconditionFailed, PreconditionRequired: http.StatusPreconditionRequired,
	ConfigInvalid: http.StatusUnprocessableEntity, UnsupportedMediaType: http.StatusUnsupportedMediaType,
	TooLarge: http.StatusRequestEntityTooLarge, RateLimited: http.StatusTooManyRequests, CursorExpired: http.StatusGone,
	Misdirected: http.StatusMisdirectedRequest, Draining: http.StatusServiceUnavailable, AuditUnavailable: http.StatusServiceUnavailable, Timeout: http.StatusGatewayTimeout,
	FeatureDisabled: http.StatusNotImplemented, Internal: http.StatusInternalServerError,
}

// Status is the HTTP status that a problem of this code has.
func (c Code) Status() int {
	if s, ok := status[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Problemf makes a problem of a code. The text is for people and must hold no secret.
func Problemf(code Code, format string, args ...any) *Problem {
	return &Problem{
		Type: "about:blank", Title: http.StatusText(code.Status()), Status: code.Status(), Code: code,
		Detail: fmt.Sprintf(format, args...),
	}
}

// Error implements error. It is one line.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return strings.ToLower(p.Title)
}

// The severities of an [Item].
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// Item is one thing that is wrong, with its place as far as it has one.
type Item struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Pointer   string `json:"pointer,omitempty"` // JSON Pointer into the configuration or the body
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	Snippet   string `json:"snippet,omitempty"` // the line of the file, secrets hidden
	Severity  string `json:"severity"`
	Hint      string `json:"hint,omitempty"`
	Component string `json:"component,omitempty"` // part of the server that found it
}
