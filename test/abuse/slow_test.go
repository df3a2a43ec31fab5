package abuse

import (
	"strings"
	"testing"
	"time"

	"natsd/test/harness"
)

// TestSlowConsumerMemory: a reader that stopped costs no more than max_pending, and a reader
// beside it gets everything.
func TestSlowConsumerMemory(t *testing.T) {
	t.Parallel()
	const limit = 16 * mib
	s := start(t, "max_pending: 16MB")
	stuck, info := harness.Client(t, s.Addr, hello)
	good, _ := harness.Client(t, s.Addr, hello)
	for _, c := range []*harness.Conn{stuck, good} {
		c.MustSend(t, "SUB s 1\r\nPING\r\n")
		c.Expect(t, "PONG")
	}
	before := s.RSS()
	pub, _ := harness.Client(t, s.Addr, hello)
	msg := "PUB s 65536\r\n" + strings.Repeat("x", 65536) + "\r\n"
	const n = 800 // 50 MiB
	for range n {
		pub.MustSend(t, msg)
		good.Expect(t, "MSG")
	}
	rise := s.PeakRSS() - before
	t.Logf("the process rose by %d MiB with max_pending at 16 MiB", rise/mib)
	bounded(t, rise <= 3*limit, "a stopped reader cost %d MiB", rise/mib)
	reason, err := s.Reason(info.ID, 15*time.Second)
	// Publishers wait a little for a slow reader, so either limit may be met first.
	if err != nil || !strings.HasPrefix(reason, "Slow Consumer") {
		t.Errorf("closed with %q, %v", reason, err)
	}
	healthy(t, s, hello)
}

// TestWriteDeadline: a reader that stopped below max_pending is closed by the write deadline.
func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	s := start(t, "write_deadline: \"500ms\"")
	stuck, info := harness.Client(t, s.Addr, hello)
	stuck.MustSend(t, "SUB s 1\r\nPING\r\n")
	stuck.Expect(t, "PONG")
	pub, _ := harness.Client(t, s.Addr, hello)
	msg := "PUB s 65536\r\n" + strings.Repeat("x", 65536) + "\r\n"
	for range 400 { // 25 MiB
		pub.MustSend(t, msg)
	}
	pub.MustSend(t, "PING\r\n")
	pub.Expect(t, "PONG")
	reason, err := s.Reason(info.ID, 10*time.Second)
	if err != nil || reason != "Slow Consumer (Write Deadline)" {
		t.Errorf("closed with %q, %v", reason, err)
	}
	healthy(t, s, hello)
}

// TestNeverReads: a client that asks and never reads the answers is held back, not served from
// memory without end.
func TestNeverReads(t *testing.T) {
	t.Parallel()
	s := start(t, "write_deadline: \"1s\"")
	before := s.RSS()
	c, _ := harness.Client(t, s.Addr, hello)
	pings := strings.Repeat("PING\r\n", 20_000)
	_ = c.SetWriteDeadline(time.Now().Add(4 * time.Second))
	for range 200 { // 24 MB of requests
		if _, err := c.Write([]byte(pings)); err != nil {
			break
		}
	}
	rise := s.PeakRSS() - before
	bounded(t, rise <= 96*mib, "unread answers cost %d MiB", rise/mib)
	healthy(t, s, hello)
}
