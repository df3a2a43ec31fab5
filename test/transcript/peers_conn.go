package transcript

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
)

// wire is one connection of a replay, read by a goroutine of its own.
type peerWire struct {
	c    net.Conn
	send sync.Mutex
	pack *s2.Writer // nil until this side compresses

	mu     sync.Mutex
	lines  []peerGot
	closed bool
	news   chan struct{} // one token when there is something new
	done   chan struct{}
}

// peerGot is a line that came, with its body if it is a message.
type peerGot struct {
	line, body string
}

func newPeerWire(c net.Conn) *peerWire {
	w := &peerWire{c: c, news: make(chan struct{}, 1), done: make(chan struct{})}
	return w
}

// sizes tells how many bytes follow a line.
func bodySize(line string) int {
	f := strings.Fields(line)
	if len(f) == 0 {
		return -1
	}
	switch strings.ToUpper(f[0]) {
	case "RMSG", "HMSG", "LMSG", "MSG":
		return toInt(f[len(f)-1])
	}
	return -1
}

// read takes in everything that comes; PINGs are answered at once.
func (w *peerWire) read() {
	defer close(w.done)
	in := bufio.NewReaderSize(w.c, 64<<10)
	packed := false
	for {
		if first, err := in.Peek(1); err == nil && first[0] == 0xff && !packed {
			packed = true
			in = bufio.NewReader(s2.NewReader(in))
		}
		line, err := in.ReadString('\n')
		if err != nil {
			break
		}
		got := peerGot{line: strings.TrimRight(line, "\r\n")}
		if n := bodySize(got.line); n >= 0 {
			body := make([]byte, n+2)
			if _, err := io.ReadFull(in, body); err != nil {
				break
			}
			got.body = string(body[:n])
		}
		if got.line == "PING" {
			_ = w.write("PONG\r\n", false)
			continue
		}
		w.mu.Lock()
		w.lines = append(w.lines, got)
		w.mu.Unlock()
		w.wake()
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.wake()
}

func (w *peerWire) wake() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// write sends text, compressed from the first call with packed on.
func (w *peerWire) write(text string, packed bool) error {
	w.send.Lock()
	defer w.send.Unlock()
	_ = w.c.SetWriteDeadline(time.Now().Add(frameWait))
	if packed && w.pack == nil {
		w.pack = s2.NewWriter(w.c, s2.WriterConcurrency(1))
	}
	if w.pack != nil {
		_, err := io.WriteString(w.pack, text)
		return errors.Join(err, w.pack.Flush())
	}
	_, err := io.WriteString(w.c, text)
	return err
}

// take removes and returns the first line that ok accepts, looking no further than skip allows. It waits
// for one to come.
func (w *peerWire) take(ok, skip func(peerGot) bool, limit time.Duration) (peerGot, error) {
	end := time.NewTimer(limit)
	defer end.Stop()
	for {
		w.mu.Lock()
		for i, got := range w.lines {
			if ok(got) {
				w.lines = append(w.lines[:i:i], w.lines[i+1:]...)
				w.mu.Unlock()
				return got, nil
			}
			if !skip(got) {
				w.mu.Unlock()
				return got, fmt.Errorf("got %.300q", got.line+" "+got.body)
			}
		}
		closed := w.closed
		w.mu.Unlock()
		if closed {
			return peerGot{}, io.EOF
		}
		select {
		case <-w.news:
		case <-end.C:
			return peerGot{}, errors.New("nothing came")
		}
	}
}

// ended waits for the other side to close.
func (w *peerWire) ended(limit time.Duration) bool {
	select {
	case <-w.done:
		return true
	case <-time.After(limit):
		return false
	}
}
