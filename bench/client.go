package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const hello = `CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1","protocol":1,` +
	`"headers":true,"no_responders":true,"echo":true}` + "\r\nPING\r\n"

// crowd is the connections of one measurement. The first that fails ends them all.
type crowd struct {
	addr   string
	group  *errgroup.Group
	ctx    context.Context // ends with the first failure
	closed atomic.Bool
	all    []*client
}

func newCrowd(ctx context.Context, addr string) *crowd {
	g, ctx := errgroup.WithContext(ctx)
	return &crowd{addr: addr, group: g, ctx: ctx}
}

// finish makes sure that nothing more comes than what was expected, closes all connections and
// returns the first error that any of them had.
func (c *crowd) finish() error {
	for _, x := range c.all {
		if x.flush(c.ctx) != nil {
			break // the group knows why
		}
	}
	c.closed.Store(true)
	for _, x := range c.all {
		_ = x.sock.Close()
	}
	return c.group.Wait()
}

// client is one connection. One goroutine reads, another one writes; answers to PING go between.
type client struct {
	crowd *crowd
	sock  net.Conn
	in    *inbox
	pongs *progress
	pings uint64 // that this end has sent; owned by the writing goroutine
}

const readSize = 64 << 10

// dial connects, with a read buffer of at least room bytes, and returns when the server has answered.
func (c *crowd) dial(in *inbox, room int) (*client, error) {
	var d net.Dialer
	sock, err := d.DialContext(c.ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	x := &client{crowd: c, sock: sock, in: in, pongs: newProgress()}
	c.all = append(c.all, x)
	c.group.Go(func() error {
		err := x.read(make([]byte, room))
		if c.closed.Load() {
			return nil
		}
		return err
	})
	if err := x.write([]byte(hello)); err != nil {
		return nil, err
	}
	x.pings++
	return x, x.pongs.wait(c.ctx, x.pings)
}

// flush returns when the server has processed everything that was sent.
func (x *client) flush(ctx context.Context) error {
	if err := x.write([]byte("PING\r\n")); err != nil {
		return err
	}
	x.pings++
	return x.pongs.wait(ctx, x.pings)
}

func (x *client) subscribe(subject, queue, sid string) error {
	if err := x.write([]byte("SUB " + subject + " " + queue + " " + sid + "\r\n")); err != nil {
		return err
	}
	return x.flush(x.crowd.ctx)
}

func (x *client) write(p []byte) error {
	_, err := x.sock.Write(p)
	if err != nil && x.crowd.ctx.Err() != nil {
		return context.Cause(x.crowd.ctx)
	}
	return err
}

func (x *client) read(buf []byte) error {
	have := 0
	for {
		n, err := x.sock.Read(buf[have:])
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		have += n
		used, err := x.take(buf[:have])
		if err != nil {
			return err
		}
		have = copy(buf, buf[used:have])
		if have == len(buf) {
			return errors.New("read: a line longer than any that was expected")
		}
	}
}

// take handles what p holds as a whole and returns how much that is.
func (x *client) take(p []byte) (used int, err error) {
	for used < len(p) {
		rest := p[used:]
		if rest[0] == 'M' {
			n, err := x.in.take(rest)
			if n == 0 || err != nil {
				return used, err
			}
			used += n
			continue
		}
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return used, nil
		}
		if err := x.control(string(rest[:end+1])); err != nil {
			return used, err
		}
		used += end + 1
	}
	return used, nil
}

func (x *client) control(line string) error {
	switch {
	case line == "PONG\r\n":
		x.pongs.add(1)
		return nil
	case line == "PING\r\n":
		return x.write([]byte("PONG\r\n"))
	case strings.HasPrefix(line, "INFO "):
		return nil
	default:
		return fmt.Errorf("unexpected line from the server: %.100q", line)
	}
}

// pause waits for d, or until the crowd has failed.
func (c *crowd) pause(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}
