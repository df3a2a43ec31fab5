package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"natsd/internal/version"
)

// Options say how a server is spoken to.
type Options struct {
	Token   string
	TLS     *tls.Config   // nil is the system's trust
	Timeout time.Duration // of a request until its answer has come; 0 is none
}

// Client asks one server. It may be used by several goroutines.
type Client struct {
	target  Target
	token   string
	timeout time.Duration
	http    *http.Client
}

// New makes a client. It does not connect yet.
func New(t Target, o Options) (*Client, error) {
	if o.Token != "" && !t.Secure() {
		return nil, fmt.Errorf("a token is not sent to %s: anybody on the way could read it; use https", t)
	}
	dialer := &net.Dialer{Timeout: o.Timeout}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if t.url.Scheme == schemeUnix {
				network, address = "unix", t.url.Path
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:     o.TLS,
		TLSHandshakeTimeout: o.Timeout,
		ForceAttemptHTTP2:   true,
		IdleConnTimeout:     time.Minute,
	}
	if t.url.Scheme != schemeUnix {
		transport.Proxy = http.ProxyFromEnvironment
	}
	return &Client{
		target: t, token: o.Token, timeout: o.Timeout,
		http: &http.Client{Transport: transport, CheckRedirect: sameHost},
	}, nil
}

// sameHost lets no redirect take the token elsewhere.
func sameHost(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > 3:
		return errors.New("too many redirects")
	case r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme:
		return errors.New("the server redirects to another one")
	}
	return nil
}

// Target is the server that is asked.
func (c *Client) Target() Target { return c.target }

// Close ends connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Request is one request to the admin API.
type Request struct {
	Method string // GET when empty
	Path   string // below /api/v1, such as "/connections"
	Query  url.Values
	Header http.Header
	Body   any // nil; []byte as it is; anything else as JSON
	// Type is the media type of a body in bytes.
	Type string
	// Monitor says that the monitoring port answers this path as well.
	Monitor bool
}

// Response is an answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// maxAnswer bounds what is kept of an answer: it is a bug or an attack to send more.
const maxAnswer = 1 << 30

// Do sends a request and returns the whole answer. One that is not of success is an [api.Problem]; what
// keeps it from coming is a [ConnectError]. The response is not nil for a problem.
func (c *Client) Do(ctx context.Context, q Request) (*Response, error) {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	answer, err := c.send(ctx, q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, c.unreachable(ctx, fmt.Errorf("read the answer: %w", err))
	}
	r := &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}
	if answer.StatusCode >= http.StatusBadRequest {
		return r, notAnAPI(c.target, r, refusal(r))
	}
	return r, nil
}

// JSON is Do with the answer decoded into out, which may be nil.
func (c *Client) JSON(ctx context.Context, q Request, out any) error {
	r, err := c.Do(ctx, q)
	if err != nil || out == nil || len(r.Body) == 0 {
		return err
	}
	if err := json.Unmarshal(r.Body, out); err != nil {
		return fmt.Errorf("the answer of %s is not what was expected: %w", q.Path, err)
	}
	return nil
}

// Open sends a request whose answer has no end, and returns its body, which the caller closes. No
// time-out counts once the answer has begun.
func (c *Client) Open(ctx context.Context, q Request) (io.ReadCloser, error) {
	answer, err := c.send(ctx, q)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < http.StatusBadRequest {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20)) // as much as there is
	r := &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}
	return nil, notAnAPI(c.target, r, refusal(r))
}

func (c *Client) send(ctx context.Context, q Request) (*http.Response, error) {
	if c.target.Monitor && !q.Monitor {
		return nil, ErrReadOnly
	}
	r, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return answer, nil
}

func (c *Client) request(ctx context.Context, q Request) (*http.Request, error) {
	body, kind, err := encode(q)
	if err != nil {
		return nil, err
	}
	address := c.target.base()
	if !c.target.Monitor {
		address += "/api/v1"
	}
	address += "/" + strings.TrimLeft(q.Path, "/")
	if len(q.Query) > 0 {
		address += "?" + q.Query.Encode()
	}
	method := q.Method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("make a request of %s: %w", q.Path, err)
	}
	maps.Copy(r.Header, q.Header)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("User-Agent", "natsctl/"+version.Natsd)
	return r, nil
}

func encode(q Request) (io.Reader, string, error) {
	switch body := q.Body.(type) {
	case nil:
		return nil, "", nil
	case []byte:
		return bytes.NewReader(body), q.Type, nil
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return nil, "", fmt.Errorf("encode the request: %w", err)
		}
		return bytes.NewReader(text), "application/json", nil
	}
}

// unreachable says in plain words why no answer came.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &ConnectError{Err: fmt.Errorf("%s does not answer in time", c.target)}
	case errors.Is(err, os.ErrPermission):
		return &ConnectError{Err: fmt.Errorf("%s may not be opened by this user", c.target)}
	}
	return &ConnectError{Err: fmt.Errorf("cannot reach %s: %w", c.target, err)}
}
