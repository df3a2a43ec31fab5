package abuse

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// floodEnv makes the test binary a flood: a process of its own, so that what it costs to ask is not taken for
// what it costs to answer.
const floodEnv = "NATSD_TEST_FLOOD"

// floodOrder is what a flood is to do.
type floodOrder struct {
	Socket string
	Rate   int // requests a second
	For    time.Duration
}

// floodAnswers counts what came of a flood.
type floodAnswers struct {
	Served, Refused, Failed atomic64
	Missed                  atomic64 // not asked: too many were under way
}

// atomic64 is a counter that JSON can carry.
type atomic64 int64

func (n *atomic64) add() { atomic.AddInt64((*int64)(n), 1) }

func (a *floodAnswers) String() string {
	return fmt.Sprintf("%d served, %d refused with 429, %d failed, %d not asked since too many were under way", a.Served, a.Refused, a.Failed, a.Missed)
}

// floodProcess is a flood that runs.
type floodProcess struct {
	cmd *exec.Cmd
	out io.Reader
}

// startFlood asks the API at a unix socket for long listings, whether it answers or not.
func startFlood(t *testing.T, socket string, rate int, d time.Duration) *floodProcess {
	t.Helper()
	order, err := json.Marshal(floodOrder{Socket: socket, Rate: rate, For: d})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), floodEnv+"="+string(order))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &floodProcess{cmd, out}
}

// wait returns what came of the flood when it is over.
func (p *floodProcess) wait(t *testing.T) *floodAnswers {
	t.Helper()
	answers := new(floodAnswers)
	err := json.NewDecoder(p.out).Decode(answers)
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// beFlood is the flood itself.
func beFlood(text string) error {
	var order floodOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		return err
	}
	const (
		conns = 256
		step  = time.Millisecond
	)
	answers := new(floodAnswers)
	turns := make(chan struct{})
	var g sync.WaitGroup
	for range conns {
		conn, err := net.Dial("unix", order.Socket)
		if err != nil {
			return err
		}
		g.Go(func() {
			defer func() { _ = conn.Close() }()
			r := bufio.NewReader(conn)
			for range turns {
				answers.count(ask(conn, r))
			}
		})
	}
	tick := time.NewTicker(step)
	defer tick.Stop()
	for end := time.Now().Add(order.For); time.Now().Before(end); <-tick.C {
		for range order.Rate * int(step) / int(time.Second) {
			select {
			case turns <- struct{}{}:
			default:
				answers.Missed.add()
			}
		}
	}
	close(turns)
	g.Wait()
	return json.NewEncoder(os.Stdout).Encode(answers)
}

// ask makes one request and returns the status of the answer, 0 when there is none.
func ask(conn net.Conn, r *bufio.Reader) int {
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, "GET /api/v1/connz?subs=1 HTTP/1.1\r\nHost: natsd\r\n\r\n"); err != nil {
		return 0
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

func (a *floodAnswers) count(status int) {
	switch status {
	case http.StatusOK:
		a.Served.add()
	case http.StatusTooManyRequests:
		a.Refused.add()
	default:
		a.Failed.add()
	}
}
