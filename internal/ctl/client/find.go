package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"natsd/internal/admin/api"
)

// Places is where Find looks.
type Places struct {
	Folders []string // that may hold sockets
	API     string   // URL of the admin API
	Monitor string   // URL of the monitoring port
}

// DefaultPlaces are the folders of sockets that a natsd uses on its own, and the usual ports.
func DefaultPlaces() Places {
	return Places{Folders: api.SocketFolders(), API: "http://127.0.0.1:8223", Monitor: "http://127.0.0.1:8222"}
}

// SeveralError says that more than one server runs here, and none was named.
type SeveralError struct{ Found []Target }

// Error implements error.
func (e *SeveralError) Error() string {
	var b strings.Builder
	b.WriteString("several servers run here: choose one with --server")
	for _, t := range e.Found {
		b.WriteString("\n  --server " + t.String())
	}
	return b.String()
}

// Find returns the server that runs on this host: the one whose socket answers in a folder that can be
// trusted, else what listens on one of the usual ports.
func Find(ctx context.Context, p Places) (Target, error) {
	var found []Target
	for _, dir := range p.Folders {
		if !trusted(dir) {
			continue
		}
		names, _ := filepath.Glob(filepath.Join(dir, "admin*.sock")) // the pattern is well formed
		for _, name := range names {
			if answers(ctx, "unix", name) {
				found = append(found, Target{url: &url.URL{Scheme: schemeUnix, Path: name}})
			}
		}
	}
	switch len(found) {
	case 0:
	case 1:
		return found[0], nil
	default:
		return Target{}, &SeveralError{Found: found}
	}
	for _, try := range []struct {
		address string
		monitor bool
	}{{p.API, false}, {p.Monitor, true}} {
		t, err := ParseTarget(try.address)
		if err != nil {
			return Target{}, err
		}
		t.Monitor = try.monitor
		if answers(ctx, "tcp", t.url.Host) {
			return t, nil
		}
	}
	return Target{}, &ConnectError{Err: errors.New("no server found"), Tried: fmt.Sprintf(
		"no socket answers in %s, and nothing listens at %s or %s",
		strings.Join(p.Folders, ", "), p.API, p.Monitor)}
}

// answers tells that somebody accepts connections there.
func answers(ctx context.Context, network, address string) bool {
	d := net.Dialer{Timeout: 2 * time.Second}
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
