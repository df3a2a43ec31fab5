package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"natsd/internal/admin/api"
	"natsd/internal/config"
)

// call is one request on its way. It belongs to the goroutine that serves it.
type call struct {
	api      *API
	route    *route
	w        http.ResponseWriter
	r        *http.Request
	settings *settings
	options  *config.Options // in force when the request came
	id       string          // of the request
	who      *identity
	release  func()       // gives the place of a long listing back
	bad      []api.Item   // what is wrong with the parameters, all of it
	gone     *api.Problem // a cursor that is good no more
}

// What bounds the body of a request: much of a plain one is kept for long, in events, bans or the history.
const (
	maxConfigBody = 16 << 20 // that may hold a configuration
	maxPlainBody  = 64 << 10
	longestReason = 1000 // that an operator gives
	longestName   = 4096 // of a text that is sent: a path
)

// mostBody is how long the body of a request to an endpoint may be.
func (rt *route) mostBody() int64 {
	if rt.plainBody() {
		return maxPlainBody
	}
	return maxConfigBody
}

// path returns a variable of the path.
func (c *call) path(name string) string { return chi.URLParam(c.r, name) }

// cid returns the number of a connection from the path.
func (c *call) cid() (uint64, error) {
	n, err := strconv.ParseUint(c.path("cid"), 10, 64)
	if err != nil {
		return 0, api.Problemf(api.NotFound, "%q is not the id of a connection", c.path("cid"))
	}
	return n, nil
}

// The readers of query parameters. One that is not given reads as zero; one that cannot be read is
// noted, and valid tells of all of them at once.

func (c *call) text(name string) string { return c.r.URL.Query().Get(name) }

func (c *call) word(name string, words ...string) string {
	s := c.text(name)
	if s != "" && !slices.Contains(words, s) {
		c.wrong(name, fmt.Sprintf("%q is not one of %s", s, strings.Join(words, ", ")))
	}
	return s
}

func (c *call) bool(name string) bool {
	s := c.text(name)
	if s == "" {
		return c.r.URL.Query().Has(name) // a bare ?dry_run
	}
	v, err := strconv.ParseBool(s)
	if err != nil {
		c.wrong(name, fmt.Sprintf("%q is not true or false", s))
	}
	return v
}

func (c *call) int(name string, most, unset int) int {
	s := c.text(name)
	if s == "" {
		return unset
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		c.wrong(name, fmt.Sprintf("%q is not a whole number from 1 to %d", s, most))
		return unset
	}
	return n
}

func (c *call) duration(name string) time.Duration { return c.durationOf(name, c.text(name)) }

// durationOf reads a duration that may stand in the body as well.
func (c *call) durationOf(name, s string) time.Duration {
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		c.wrong(name, fmt.Sprintf("%q is not a duration such as 30s", s))
	}
	return d
}

// reason takes what an operator says of what he does, for those who hear of it.
func (c *call) reason(s string) string {
	if len(s) > longestReason {
		c.wrong("reason", fmt.Sprintf("it has more than %d bytes", longestReason))
	}
	return s
}

// wrong notes a parameter that cannot be read.
func (c *call) wrong(name, message string) {
	c.bad = append(c.bad, api.Item{Code: string(api.InvalidParameter), Message: name + ": " + message, Pointer: "/" + name, Severity: api.SeverityError})
}

// list makes no list an empty one, which JSON shows as such.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// valid returns what is wrong with the parameters, if anything is.
func (c *call) valid() error {
	switch {
	case len(c.bad) > 0:
	case c.gone != nil:
		return c.gone
	default:
		return nil
	}
	p := api.Problemf(api.InvalidParameter, "%s", c.bad[0].Message)
	p.Errors = c.bad
	return p
}

// raw reads the body as it is. Its media type must be one of those given.
func (c *call) raw(types ...string) (body []byte, media string, err error) {
	if body, err = c.takeBody(); err != nil {
		return nil, "", err
	}
	media, _, err = mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if len(body) > 0 && (err != nil || !slices.Contains(types, media)) {
		c.w.Header().Set("Accept", strings.Join(types, ", "))
		return nil, "", api.Problemf(api.UnsupportedMediaType, "the body must be %s", strings.Join(types, " or "))
	}
	return body, media, nil
}

// bodyFault is why a body cannot be read.
func bodyFault(err error) error {
	switch big, is := errors.AsType[*http.MaxBytesError](err); {
	case is:
		return api.Problemf(api.TooLarge, "the body is larger than %d bytes", big.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return api.Problemf(api.Timeout, "the body did not come within %s", requestDeadline)
	default:
		return api.Problemf(api.BadRequest, "read the body: %v", err)
	}
}

const jsonType = "application/json"

// isConf tells that a body is in the language of NATS.
func isConf(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == confType
}

// decode reads a JSON body into v. An empty one leaves v as it is; fields that v does not have are an
// error, so that a misspelt one is never taken for a request without it.
func (c *call) decode(v any) error {
	body, _, err := c.raw(jsonType)
	if err != nil || len(body) == 0 {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return bodyProblem(err, d.InputOffset())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return api.Problemf(api.BadRequest, "the body goes on after its end at byte %d", d.InputOffset())
	}
	return nil
}

// bodyProblem words what the JSON decoder says without the names of Go types.
func bodyProblem(err error, at int64) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return api.Problemf(api.BadRequest, "body: %s at byte %d cannot be a %s", e.Field, e.Offset, e.Value)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return api.Problemf(api.BadRequest, "body: %v at byte %d", e, e.Offset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return api.Problemf(api.BadRequest, "body: it ends too early, at byte %d", at)
	}
	return api.Problemf(api.BadRequest, "body: %s", strings.TrimPrefix(err.Error(), "json: "))
}
