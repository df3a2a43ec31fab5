package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const monitorLimit = 10 * time.Second

// Dial connects as a program beside the server would.
func (s *Server) Dial(network, address string) (c net.Conn, err error) {
	err = s.inside(func() error {
		c, err = net.DialTimeout(network, address, monitorLimit)
		return err
	})
	return c, err
}

// Get asks the monitoring port for a path and returns the status and the body.
func (s *Server) Get(path string) (int, []byte, error) {
	client := http.Client{Timeout: monitorLimit, Transport: &http.Transport{
		DialContext:       func(_ context.Context, network, address string) (net.Conn, error) { return s.Dial(network, address) },
		DisableKeepAlives: true,
	}}
	resp, err := client.Get("http://" + s.HTTP + path)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// GetJSON asks the monitoring port for a path and decodes the answer.
func (s *Server) GetJSON(path string, into any) error {
	code, body, err := s.Get(path)
	if err != nil {
		return err
	}
	if code != http.StatusOK {
		return fmt.Errorf("GET %s: status %d: %s", path, code, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// ConnInfo is what tests look at in a connection of connz.
type ConnInfo struct {
	CID     uint64 `json:"cid"`
	Name    string `json:"name"`
	IP      string `json:"ip"`
	Reason  string `json:"reason"`
	Account string `json:"account"`
	User    string `json:"authorized_user"`
	Subs    int    `json:"subscriptions"`
	Pending int64  `json:"pending_bytes"`
	OutMsgs int64  `json:"out_msgs"`
	InMsgs  int64  `json:"in_msgs"`
	TLS     string `json:"tls_version"`
}

// Connz returns the connections that the monitoring port lists for a query such as
// "state=closed&limit=4096".
func (s *Server) Connz(query string) ([]ConnInfo, error) {
	var z struct {
		Conns []ConnInfo `json:"connections"`
	}
	err := s.GetJSON("/connz?"+query, &z)
	return z.Conns, err
}

// Reason returns the reason with which a closed connection is listed, waiting for it up to limit.
func (s *Server) Reason(cid uint64, limit time.Duration) (string, error) {
	var reason string
	var last error
	found := Eventually(limit, func() bool {
		conns, err := s.Connz("state=closed&limit=10000")
		last = err
		for _, c := range conns {
			if c.CID == cid {
				reason = c.Reason
				return true
			}
		}
		return false
	})
	switch {
	case found:
		return reason, nil
	case last != nil:
		return "", last
	}
	return "", fmt.Errorf("connection %d is not among the closed ones of connz after %v", cid, limit)
}

// Varz returns the general figures of the server.
func (s *Server) Varz() (map[string]any, error) {
	var v map[string]any
	err := s.GetJSON("/varz", &v)
	return v, err
}
