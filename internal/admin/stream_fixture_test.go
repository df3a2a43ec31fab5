package admin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"natsd/internal/admin/api"
)

// streaming is an open stream.
type streaming struct {
	*http.Response
	t     testing.TB
	lines *bufio.Reader
	sse   bool
	leave context.CancelFunc
}

// stream opens a stream over the unix socket; it is closed at the end of the test.
func (n *node) stream(path string, headers ...string) *streaming {
	n.TB.Helper()
	ctx, cancel := context.WithCancel(n.TB.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://natsd/api/v1"+path, nil)
	if err != nil {
		n.TB.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := n.unix.Do(req)
	if err != nil {
		n.TB.Fatal(err)
	}
	n.TB.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		n.TB.Fatalf("%s: status %d", path, resp.StatusCode)
	}
	return &streaming{
		Response: resp, t: n.TB, lines: bufio.NewReader(resp.Body), leave: cancel,
		sse: resp.Header.Get("Content-Type") == api.EventStreamType,
	}
}

// next reads one message of the stream; false at its end. What it says is in v.
func (s *streaming) next(v any) (id, kind string, ok bool) {
	s.t.Helper()
	timeout := time.AfterFunc(patience, s.leave)
	defer timeout.Stop()
	for data := ""; ; {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return "", "", false
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case !s.sse:
			data = line
		case name == "id":
			id = value
		case name == "event":
			kind = value
		case name == "data":
			data = value
		}
		if data == "" || s.sse && line != "" {
			continue
		}
		if err := json.Unmarshal([]byte(data), v); err != nil {
			s.t.Fatalf("%v: %q", err, data)
		}
		return id, kind, true
	}
}

// await returns the next event of a type.
func (s *streaming) await(kind string) (e api.Event) {
	s.t.Helper()
	for {
		e = api.Event{}
		_, _, ok := s.next(&e)
		if !ok {
			s.t.Fatalf("the stream ended before %s", kind)
		}
		if e.Type == kind {
			return e
		}
	}
}

// guest is a client connection.
type guest struct {
	net.Conn
	t     testing.TB
	lines *bufio.Reader
}

// connect lets a client in.
func (n *node) connect(options string) *guest {
	n.TB.Helper()
	g := n.knock(options)
	if line := g.line(); line != "PONG" {
		n.TB.Fatalf("CONNECT %s: %s", options, line)
	}
	return g
}

// knock sends CONNECT and PING.
func (n *node) knock(options string) *guest {
	n.TB.Helper()
	c, err := net.Dial("tcp", n.ClientAddr().String())
	if err != nil {
		n.TB.Fatal(err)
	}
	n.TB.Cleanup(func() { _ = c.Close() })
	g := &guest{Conn: c, t: n.TB, lines: bufio.NewReader(c)}
	g.line() // INFO
	fmt.Fprintf(c, "CONNECT {\"verbose\":false,%s}\r\nPING\r\n", options)
	return g
}

func (g *guest) line() string {
	g.t.Helper()
	_ = g.SetReadDeadline(time.Now().Add(patience))
	line, err := g.lines.ReadString('\n')
	if err != nil {
		g.t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
