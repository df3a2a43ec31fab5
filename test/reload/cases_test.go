package reload

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"natsd/test/harness"
)

// reloadCase is a pair of configurations and what nats-server 2.15.0-dev did with it at SIGHUP.
type reloadCase struct {
	Name   string   `json:"name"`
	Args   []string `json:"args"`
	Before string   `json:"before"`
	After  string   `json:"after"`
	Peer   string   `json:"peer"` // accepted, refused, process exits
}

// verdict is what natsd did.
type verdict string

const (
	applied     verdict = "applied"
	declined    verdict = "refused"          // the new file is wrong
	guarded     verdict = "refused by guard" // it takes away what has to be allowed
	laterBefore verdict = "later engine, refused at start"
	laterAfter  verdict = "later engine, refused at reload"
)

// guardedCases take accounts or TLS away.
var guardedCases = []string{"accounts remove", "tls remove"}

// wrongCases end in a file that is no configuration.
var wrongCases = []string{
	"client_advertise bad", "cluster accounts unknown", "https", "unknown key", "syntax error", "duplicate user", "invalid combination", "several errors",
}

// withoutSyslog needs a syslog daemon, which few test machines have.
var withoutSyslog = []string{"syslog"}

// TestCases plays every pair. natsd applies all that nats-server applies and most of what it refuses.
func TestCases(t *testing.T) {
	t.Parallel()
	if harness.Target() == harness.Peer {
		t.Skip("about natsd")
	}
	text, err := os.ReadFile("testdata/reload-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Cases []reloadCase `json:"cases"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) != 249 {
		t.Fatalf("%d cases", len(all.Cases))
	}
	certs := caseCerts(t)
	var mu sync.Mutex
	counts := map[string]int{}
	t.Cleanup(func() {
		for _, row := range slices.Sorted(mapKeys(counts)) {
			t.Logf("%3d %s", counts[row], row)
		}
	})
	for _, c := range all.Cases {
		if harness.Race && len(c.Name)%5 != 0 { // they start a process each
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, why := c.play(t, certs)
			mu.Lock()
			counts[c.Peer+" by nats-server: "+string(got)]++
			mu.Unlock()
			want := applied
			switch {
			case got == laterBefore || got == laterAfter:
				return
			case slices.Contains(guardedCases, c.Name):
				want = guarded
			case slices.Contains(wrongCases, c.Name):
				want = declined
			case slices.Contains(withoutSyslog, c.Name):
				return
			}
			if got != want {
				t.Errorf("%s, want %s: %s\nbefore\n%s\nafter\n%s", got, want, why, c.Before, c.After)
			}
		})
	}
}

func mapKeys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// caseCerts makes the files that the cases call ./certs.
func caseCerts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ca := newAuthority(t, "ca")
	put(t, filepath.Join(dir, "ca.pem"), ca.pem())
	for _, name := range []string{"server", "server2", "client"} {
		cert, key := ca.issue(name)
		put(t, filepath.Join(dir, name+".pem"), cert)
		put(t, filepath.Join(dir, name+"-key.pem"), key)
	}
	return dir
}

// play runs one case in a process of its own.
func (c *reloadCase) play(t *testing.T, certs string) (verdict, string) {
	t.Helper()
	dir := t.TempDir()
	out := &harness.Output{}
	ports := map[string]string{"@D": dir, "./certs": certs}
	if strings.Contains(c.After+strings.Join(c.Args, " "), "udp://127.0.0.1:@P3") {
		ports["@P3"] = syslog(t, out)
	}
	expand := func(text string) string {
		return regexp.MustCompile(`@P\d|@D|\./certs`).ReplaceAllStringFunc(text, func(p string) string {
			if ports[p] == "" {
				ports[p] = strconv.Itoa(harness.Port(t))
			}
			return ports[p]
		})
	}
	file := filepath.Join(dir, "natsd.conf")
	put(t, file, expand(c.Before))
	args := []string{"-c", file, "--no-watch"}
	if !strings.Contains(c.Before, "listen:") {
		c.Args = append(c.Args, "-a", "127.0.0.1", "-p", "@P1") // 4222 may belong to somebody
	}
	for _, a := range c.Args {
		args = append(args, expand(a))
	}
	cmd := exec.Command(harness.Binary(t, harness.Natsd), args...) //nolint:gosec // the binary under test
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	ended := func() bool {
		select {
		case <-exited:
			return true
		default:
			return false
		}
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(patience):
			t.Errorf("does not end:\n%s", out)
			_ = cmd.Process.Kill()
			<-exited
		}
		if text := out.String(); strings.Contains(text, "goroutine ") || strings.Contains(text, "anic in ") || strings.Contains(text, "DATA RACE") {
			t.Errorf("a panic or a race:\n%s", text)
		}
	}()
	log := func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "x.log")) //nolint:errcheck // only one case has it
		return out.String() + string(text)
	}
	harness.Eventually(patience, func() bool { return ended() || strings.Contains(log(), "Server is ready") })
	if ended() {
		code, operators := cmd.ProcessState.ExitCode(), strings.Contains(log(), "operators require")
		if code != 1 || !strings.Contains(log(), "cannot be served") && !operators {
			t.Errorf("exit code %d at the start:\n%s", code, log())
		}
		return laterBefore, log()
	}
	put(t, file, expand(c.After))
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(patience, func() bool {
		return ended() || strings.Contains(log(), reloaded) || strings.Contains(log(), refused)
	})
	if ended() {
		t.Errorf("natsd has ended:\n%s", log())
	}
	c.alive(t, expand, ports["@P1"])
	text := log()
	_, why, isRefused := strings.Cut(text, refused)
	why, _, _ = strings.Cut(why, "\n")
	switch {
	case strings.Contains(text, reloaded):
		return applied, ""
	case !isRefused:
		t.Errorf("nothing came of the reload:\n%s", text)
		return "", text
	case strings.Contains(why, "this would "):
		return guarded, why
	case strings.Contains(why, "cannot be served"):
		return laterAfter, why
	default:
		return declined, why
	}
}

// alive fails the test unless a client is greeted where the case listens, before or after.
func (c *reloadCase) alive(t *testing.T, expand func(string) string, port string) {
	t.Helper()
	places := []string{"127.0.0.1:" + port}
	for _, m := range regexp.MustCompile(`(?m)^listen: (127\.0\.0\.\d:\d+)`).FindAllStringSubmatch(expand(c.After), -1) {
		places = append(places, m[1])
	}
	if !harness.Eventually(patience, func() bool {
		for _, place := range places {
			conn, err := net.DialTimeout("tcp", place, time.Second)
			if err != nil {
				continue
			}
			_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			n, err := conn.Read(make([]byte, 10))
			_ = conn.Close()
			if n > 0 || err != nil && strings.Contains(c.After, "handshake_first") {
				return true
			}
		}
		return false
	}) {
		t.Errorf("nobody answers at %v", places)
	}
}

// syslog receives what natsd sends there into out, and returns its port.
func syslog(t *testing.T, out *harness.Output) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = fmt.Fprintf(out, "%s\n", buf[:n])
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
