package reload

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"natsd/test/harness"
)

// TestKilledWhileWriting: natsd that is killed while it writes a new configuration to its file leaves the
// old one or the new one, whole.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	if harness.Target() == harness.Peer {
		t.Skip("about natsd")
	}
	dir, err := os.MkdirTemp("", "natsd") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file, socket := filepath.Join(dir, "natsd.conf"), filepath.Join(dir, "a.sock")
	filler := strings.Repeat("# "+strings.Repeat("x", 98)+"\n", 20_000)
	text := func(i int) string {
		return fmt.Sprintf("listen: 127.0.0.1:-1\nadmin { unix: '%s', write_config: true }\n%sserver_tags: t%d\n", socket, filler, i)
	}
	put(t, file, text(0))
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}}
	const url = "http://natsd/api/v1/config"
	old, changed := 0, 0
	for i := range soak(10, 100) {
		out := &harness.Output{}
		cmd := exec.Command(harness.Binary(t, harness.Natsd), "-c", file) //nolint:gosec // the binary under test
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lately(t, "natsd is ready", func() bool { return out.Count("Server is ready") > 0 })
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(text(i+1)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/x-nats-conf")
		req.Header.Set("If-Match", "*")
		done := make(chan string, 1)
		go func() {
			resp, err := client.Do(req)
			if err != nil {
				done <- ""
				return
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			done <- resp.Status + string(body)
		}()
		select {
		case answer := <-done:
			if !strings.HasPrefix(answer, "200") {
				t.Errorf("round %d: %.300s", i, answer)
			}
		case <-time.After(time.Duration(i%20) * 10 * time.Millisecond):
		}
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		after, err := os.ReadFile(file)
		switch {
		case err != nil:
			t.Fatal(err)
		case string(after) == string(before):
			old++
		case string(after) == text(i+1):
			changed++
		default:
			t.Fatalf("round %d: the file is neither the old nor the new one: %d bytes", i, len(after))
		}
	}
	t.Logf("%d times the old file, %d times the new one", old, changed)
}
