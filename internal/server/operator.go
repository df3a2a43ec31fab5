package server

import (
	"context"
	"errors"

	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/link/client"
	"natsd/internal/status"
	"natsd/internal/system"
)

// operator lets the services of the system account do what administrators ask for.
type operator struct{ s *Server }

var _ system.Operator = operator{}

// sysActor is who does what a request on $SYS asks for, in events and reports.
const sysActor = "sys"

// Answers to administrators.
var (
	errNoConnection = errors.New("no such client or leafnode id")
	errNoClient     = errors.New("no such client id")
	errNoLameDuck   = errors.New("client does not support Lame Duck Mode or is not ready to receive the notification")
)

// Reload reads the configuration again.
func (o operator) Reload(ctx context.Context) error { return o.s.Reload(ctx, sysActor) }

// Kick ends the connection of a client or leaf node, without a word to it, as nats-server does.
func (o operator) Kick(cid uint64) error {
	c := o.s.conns.Get(cid)
	if c == nil || c.Facts().Kind != status.Client && c.Facts().Kind != status.Leafnode {
		return errNoConnection
	}
	if c.Close(conn.Kicked) {
		o.s.Events().Publish(event.Kicked{Facts: c.Facts(), Actor: sysActor})
	}
	return nil
}

// LameDuck tells one client to go elsewhere.
func (o operator) LameDuck(cid uint64) error {
	c := o.s.conns.Get(cid)
	if c == nil {
		return errNoClient
	}
	if session, ok := c.Session().(*client.Session); !ok || !session.LameDuck() {
		return errNoLameDuck
	}
	return nil
}

// Evict ends the newest connections of an account.
func (o operator) Evict(account string, n int) {
	if a := o.s.broker.Account(account); a != nil {
		o.s.clients.Evict(a, n)
	}
}
