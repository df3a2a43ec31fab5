package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// record writes a CPU profile of the server over span, which both servers offer at their profiling
// port.
func (s *server) record(ctx context.Context, path string, span time.Duration) error {
	url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", s.profile, int(span.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: %s: %.200s", resp.Status, text)
	}
	return writeFile(path, text)
}
