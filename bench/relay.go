package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// relayCommand makes this program a relay. It has no protocol to speak of: who says SUB gets what
// others send on that subject, byte for byte as they send it. What it costs is what no server that
// moves the same bytes can go below.
const relayCommand = "relay"

type relay struct {
	mu    sync.Mutex
	takes map[string][]net.Conn // by subject
}

// serveRelay understands the flags that servers are started with as far as it needs them.
func serveRelay(ctx context.Context, args []string) error {
	dir := args[len(args)-1]
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	told, err := json.Marshal(map[string][]string{"nats": {"nats://" + l.Addr().String()}, "profile": {""}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "relay.ports"), told, 0o600); err != nil {
		return err
	}
	r := relay{takes: make(map[string][]net.Conn)}
	var g errgroup.Group
	for {
		c, err := l.Accept()
		if err != nil {
			return nil //nolint:nilerr // the end
		}
		g.Go(func() error {
			r.serve(c)
			return nil
		})
	}
}

// serve answers control lines until the first message, and then moves bytes.
func (r *relay) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReaderSize(c, 4<<10)
	if _, err := io.WriteString(c, "INFO {}\r\n"); err != nil {
		return
	}
	for {
		first, err := in.Peek(1)
		if err != nil {
			return
		}
		if first[0] == 'M' {
			break
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch f := strings.Fields(line); f[0] {
		case "SUB":
			r.mu.Lock()
			r.takes[f[1]] = append(r.takes[f[1]], c)
			r.mu.Unlock()
		case "PING":
			_, _ = io.WriteString(c, "PONG\r\n")
		}
	}
	r.move(in, c)
}

// move copies what a publisher sends to those who take its subject.
func (r *relay) move(in *bufio.Reader, c net.Conn) {
	head, err := in.Peek(in.Buffered())
	var subject string
	if _, scanned := fmt.Sscanf(string(head), "MSG %s", &subject); err != nil || scanned != nil {
		return
	}
	r.mu.Lock()
	to := r.takes[subject]
	r.mu.Unlock()
	buf := make([]byte, 128<<10)
	n := copy(buf, head)
	var end []byte // of what has come
	for {
		for _, receiver := range to {
			if _, err := receiver.Write(buf[:n]); err != nil {
				return
			}
		}
		if len(to) == 0 {
			end = append(end, buf[max(0, n-len(ping)):n]...)
			if end = end[max(0, len(end)-len(ping)):]; string(end) == ping {
				_, _ = io.WriteString(c, "PONG\r\n")
			}
		}
		if n, err = c.Read(buf); err != nil {
			return
		}
	}
}

// ping is what a publisher without receivers says, and then waits for the answer.
const ping = "PING\r\n"
