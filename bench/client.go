package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// crowd is the connections of one measurement. The first that fails ends them all.
type crowd struct {
	receivers []string // where receivers connect to, in turn; nil is addr
	settle    func()   // waits until receivers are known everywhere; nil: they are
	addr      string
	login     login
	relayed   bool // by the relay, which answers no PING once messages flow
	group     *errgroup.Group
	ctx       context.Context // ends with the first failure
	closed    atomic.Bool
	all       []*client
}

func newCrowd(ctx context.Context, addr string, l login) *crowd {
	g, ctx := errgroup.WithContext(ctx)
	return &crowd{addr: addr, login: l, group: g, ctx: ctx}
}

// finish makes sure that nothing more comes than what was expected, closes all connections and
// returns the first error that any of them had.
func (c *crowd) finish() error {
	for _, x := range c.all {
		if c.relayed || x.silent {
			continue
		}
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

	silent bool // has stopped to read

	before atomic.Pointer[func() error] // called by the reading goroutine before it waits; mostly nil
}

const readSize = 64 << 10

// dial connects, with a read buffer of at least room bytes, and returns when the server has answered.
func (c *crowd) dial(in *inbox, room int) (*client, error) { return c.dialAt(c.addr, in, room) }

// receiver is the address that receiver i connects to.
func (c *crowd) receiver(i int) string {
	if len(c.receivers) == 0 {
		return c.addr
	}
	return c.receivers[i%len(c.receivers)]
}

// dialAt is dial for one of several servers.
func (c *crowd) dialAt(addr string, in *inbox, room int) (*client, error) {
	sock, hello, err := c.openAt(addr)
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

// open makes a connection and returns it with the first words to say.
func (c *crowd) open() (net.Conn, string, error) { return c.openAt(c.addr) }

func (c *crowd) openAt(addr string) (net.Conn, string, error) {
	var d net.Dialer
	sock, err := d.DialContext(c.ctx, "tcp", addr)
	if err != nil {
		return nil, "", err
	}
	nonce := ""
	if c.login.tls != nil || c.login.key != nil {
		if nonce, err = readInfo(sock); err != nil {
			_ = sock.Close()
			return nil, "", err
		}
	}
	if c.login.tls != nil {
		sock = tls.Client(sock, c.login.tls)
	}
	hello, err := c.login.hello(nonce)
	return sock, hello, err
}

// readInfo reads the greeting, and not a byte more, and returns the nonce in it.
func readInfo(sock net.Conn) (nonce string, err error) {
	line := make([]byte, 0, 1<<10)
	for len(line) == 0 || line[len(line)-1] != '\n' {
		n, err := sock.Read(line[len(line):][:1])
		if err != nil {
			return "", fmt.Errorf("read INFO: %w", err)
		}
		if line = line[:len(line)+n]; len(line) == cap(line) {
			return "", errors.New("read INFO: it is too long")
		}
	}
	var told struct{ Nonce string }
	text, ok := bytes.CutPrefix(line, []byte("INFO "))
	if !ok {
		return "", fmt.Errorf("a greeting without INFO: %.60q", line)
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return "", fmt.Errorf("read INFO: %w", err)
	}
	return told.Nonce, nil
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
		if before := x.before.Load(); before != nil {
			if err := (*before)(); err != nil {
				return err
			}
		}
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
		if x.in.begins(rest) {
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
