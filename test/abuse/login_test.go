package abuse

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/errgroup"

	"natsd/test/harness"
)

func hash(t *testing.T, secret string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(secret), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

// login tries to log in from a local address and returns how long the answer took and whether it
// was PONG.
func login(addr, from, user, pass string) (time.Duration, bool, error) {
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	raw, err := d.Dial("tcp", addr)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = raw.Close() }()
	c := harness.NewConn(raw)
	if _, err := c.Next(5 * time.Second); err != nil {
		return 0, false, err
	}
	began := time.Now()
	err = c.Send(fmt.Sprintf("CONNECT {\"verbose\":false,\"user\":%q,\"pass\":%q}\r\nPING\r\n", user, pass))
	if err != nil {
		return 0, false, err
	}
	f, err := c.Next(20 * time.Second)
	if err != nil {
		return 0, false, err
	}
	return time.Since(began), f.Verb == "PONG", nil
}

// TestBruteForce: while others guess, a good login from another address is not held up beyond the
// cost of its own hash.
func TestBruteForce(t *testing.T) {
	t.Parallel()
	s := start(t, `authorization { timeout: 20, users: [ {user: good, password: "`+hash(t, "right", 8)+`"}, {user: victim, password: "`+hash(t, "secret", 8)+`"} ] }`)
	stop := make(chan struct{})
	var g errgroup.Group
	for i := range 32 {
		g.Go(func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				// Refusals and overload are both fine; only the good client counts.
				_, ok, _ := login(s.Addr, "127.0.0.1", "victim", fmt.Sprint("guess", i))
				if ok {
					return errors.New("a wrong password was accepted")
				}
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	var times []time.Duration
	for range 15 {
		took, ok, err := login(s.Addr, "127.0.0.2", "good", "right")
		if err != nil || !ok {
			t.Errorf("the good login failed: %v", err)
		}
		times = append(times, took)
		time.Sleep(50 * time.Millisecond)
	}
	close(stop)
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	slices.Sort(times)
	t.Logf("good logins: median %v, slowest %v", times[len(times)/2], times[len(times)-1])
	if harness.Target() == harness.Natsd {
		bounded(t, times[len(times)/2] <= time.Second, "good logins waited %v", times)
	}
}

// TestFailureDelay: after the free failures the answers to one address and user come later, and
// only to them.
func TestFailureDelay(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "no delay")
	s := start(t, `auth_failure_delay { free: 3, per: "1m", max: "1s" }
authorization { timeout: 20, users: [ {user: u, password: p}, {user: v, password: p} ] }`)
	var slowest time.Duration
	for i := range 8 {
		took, ok, err := login(s.Addr, "127.0.0.1", "u", "wrong")
		if err != nil || ok {
			t.Fatalf("failure %d: %v %v", i, ok, err)
		}
		bounded(t, i >= 3 || took <= 400*time.Millisecond, "free failure %d took %v", i, took)
		slowest = max(slowest, took)
	}
	bounded(t, slowest >= 300*time.Millisecond && slowest <= 2*time.Second, "the slowest refusal took %v", slowest)
	for _, who := range []struct{ from, user string }{{"127.0.0.2", "u"}, {"127.0.0.1", "v"}} {
		took, ok, err := login(s.Addr, who.from, who.user, "p")
		if err != nil || !ok {
			t.Errorf("%s from %s: %v, %v", who.user, who.from, ok, err)
		}
		bounded(t, took <= 400*time.Millisecond, "%s from %s waited %v", who.user, who.from, took)
	}
	if _, ok, err := login(s.Addr, "127.0.0.1", "u", "p"); err != nil || !ok {
		t.Errorf("the right password is locked out: %v %v", ok, err)
	}
}

// TestUserEnumeration: an unknown user costs as much time as a wrong password.
func TestUserEnumeration(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "unknown users are answered at once")
	s := start(t, `auth_failure_delay { free: 100000, per: "1m", max: "1s" }
authorization { timeout: 20, users: [ {user: known, password: "`+hash(t, "secret", 10)+`"}, {user: other, password: "`+hash(t, "secret", 6)+`"} ] }`)
	// The fastest answers carry the least noise of the machine; a busy one gets more rounds. A real
	// difference would be a factor of many.
	var known, unknown []time.Duration
	var ratio float64
	for range 4 {
		for range max(5, soak(10, 200)) {
			for user, into := range map[string]*[]time.Duration{"known": &known, "nobody": &unknown} {
				took, ok, err := login(s.Addr, "127.0.0.1", user, "wrong")
				if err != nil || ok {
					t.Fatalf("%s: %v %v", user, ok, err)
				}
				*into = append(*into, took)
			}
		}
		if ratio = float64(slices.Min(known)) / float64(slices.Min(unknown)); ratio > 0.8 && ratio < 1.25 {
			break
		}
	}
	t.Logf("fastest answers of %d each: known user %v, unknown user %v", len(known), slices.Min(known), slices.Min(unknown))
	bounded(t, ratio > 0.7 && ratio < 1.4, "a known user is told from an unknown one by time: %.2f", ratio)
}

// TestExpensiveHash: a hash that would pin a core is refused at load.
func TestExpensiveHash(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "any cost is taken")
	costly := strings.Replace(hash(t, "x", 4), "$04$", "$31$", 1)
	out, code := testConfig(t, `authorization { user: u, password: "`+costly+`" }`)
	if code != 1 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if strings.Contains(out, costly) {
		t.Error("the hash is shown")
	}
}

// testConfig runs the server with -t on a configuration and returns its output and exit code.
func testConfig(t *testing.T, conf string, args ...string) (string, int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(harness.Binary(t, harness.Target()), append([]string{"-t", "-c", file}, args...)...) //nolint:gosec // the binary under test
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestLongPassword: bcrypt looks at 72 bytes; longer passwords are refused, not cut.
func TestLongPassword(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 72)
	s := start(t, `authorization { user: u, password: "`+hash(t, long, 4)+`" }`)
	if _, ok, err := login(s.Addr, "127.0.0.1", "u", long); err != nil || !ok {
		t.Errorf("72 bytes: %v %v", ok, err)
	}
	if _, ok, err := login(s.Addr, "127.0.0.1", "u", long+"y"); err != nil || ok && harness.Target() == harness.Natsd {
		t.Errorf("73 bytes: %v %v", ok, err)
	}
}

// TestNonce: every connection has its own nonce, and a signature is of use on one connection only.
func TestNonce(t *testing.T) {
	t.Parallel()
	kp, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	pub, err := kp.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, `authorization { users: [ {nkey: `+pub+`} ] }`)
	seen := map[string]bool{}
	var replay string
	for i := range soak(300, 100_000) {
		c, err := harness.Open(s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		nonce := c.ExpectInfo(t).Nonce
		if len(nonce) != 15 || seen[nonce] {
			t.Fatalf("nonce %q is odd or was seen before", nonce)
		}
		seen[nonce] = true
		if i == 0 {
			sig, err := kp.Sign([]byte(nonce))
			if err != nil {
				t.Fatal(err)
			}
			replay = fmt.Sprintf("CONNECT {\"verbose\":false,\"nkey\":%q,\"sig\":%q}\r\nPING\r\n", pub, base64.RawURLEncoding.EncodeToString(sig))
			c.MustSend(t, replay)
			c.Expect(t, "PONG")
		}
		_ = c.Close()
	}
	c := harness.Dial(t, s.Addr)
	c.ExpectInfo(t)
	c.MustSend(t, replay)
	c.Expect(t, "-ERR")
	c.ExpectEOF(t, 5*time.Second)
}

// TestEveryShapeNeedsLogin: any keyword of authentication closes the server to anonymous clients.
func TestEveryShapeNeedsLogin(t *testing.T) {
	t.Parallel()
	kp, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	pub, err := kp.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, conf := range []string{
		`authorization { user: u, password: p }`,
		`authorization { token: t }`,
		`authorization { users: [ {user: u, password: p} ] }`,
		`authorization { users: [ {nkey: ` + pub + `} ] }`,
		`accounts { A { users: [ {user: u, password: p} ] } }`,
		`accounts { SYS { users: [ {user: s, password: p} ] } }
system_account: SYS`,
	} {
		t.Run(conf, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(conf, "system_account") {
				natsdOnly(t, "CVE-2023-47090")
			}
			s := start(t, conf)
			for _, first := range []string{
				"CONNECT {}\r\nPING\r\n", "SUB > 1\r\n", "PUB x 0\r\n\r\n", "PING\r\n", "HPUB x 0 0\r\n\r\n", "UNSUB 1\r\n",
				"INFO {}\r\n", "PONG\r\n", "CONNECT {\"user\":\"\",\"pass\":\"\"}\r\n", "RS+ $G x\r\n",
			} {
				c := harness.Dial(t, s.Addr)
				info := c.ExpectInfo(t)
				if !info.AuthRequired {
					t.Error("INFO does not ask for authentication")
				}
				c.MustSend(t, first)
				c.Expect(t, "-ERR")
				c.ExpectEOF(t, 5*time.Second)
			}
		})
	}
}
