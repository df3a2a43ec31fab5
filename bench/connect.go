package main

import (
	"errors"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// connects is clients that come, are greeted, and go.
type connects struct{ abreast int }

func (w connects) work(name, about string, goal float64) work {
	return work{name: name, about: about, unit: "connection", kind: processor, goal: goal, run: w.run}
}

func (w connects) run(s *stage) (sample, error) {
	c := newCrowd(s.ctx, s.server.addr, s.conf.login)
	return s.measure(func(d time.Duration) (int, error) {
		end := time.Now().Add(d)
		counts := make([]int, w.abreast)
		var g errgroup.Group
		for i := range counts {
			g.Go(func() error {
				buf := make([]byte, 8<<10)
				for time.Now().Before(end) && s.ctx.Err() == nil {
					if err := visit(c, buf); err != nil {
						return err
					}
					counts[i]++
				}
				return nil
			})
		}
		err := g.Wait()
		total := 0
		for _, n := range counts {
			total += n
		}
		return total, err
	})
}

var errNotLetIn = errors.New("not let in")

// visit is one connection from its first byte to its last.
func visit(c *crowd, buf []byte) error {
	sock, hello, err := c.open()
	if err != nil {
		return err
	}
	defer func() { _ = sock.Close() }()
	_ = sock.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := sock.Write([]byte(hello)); err != nil {
		return err
	}
	have := 0
	for {
		n, err := sock.Read(buf[have:])
		have += n
		text := string(buf[:have])
		switch {
		case strings.Contains(text, "PONG\r\n"):
			return nil
		case strings.Contains(text, "-ERR"):
			return errNotLetIn
		case errors.Is(err, io.EOF):
			return errors.New("closed before PONG: " + text)
		case err != nil:
			return err
		}
	}
}
