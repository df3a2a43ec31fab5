package auth

import (
	"context"

	"natsd/internal/config"
)

// open lets everybody into the global account, where no authentication is configured.
type open struct {
	entry   *entry
	proxied bool // only through a trusted proxy, if the block says no more than that
}

func newOpen(proxied bool) open {
	m := open{proxied: proxied}
	m.entry = m.as("")
	return m
}

// as is the entry of a client that claims to be somebody.
func (m open) as(claimed string) *entry {
	e := newEntry("open", claimed, config.GlobalAccount, byNothing)
	e.proxied = m.proxied
	return e
}

func (m open) try(_ context.Context, r *Request) (*entry, error) {
	if claimed := r.claimed(); claimed != "" {
		return m.as(claimed), nil
	}
	return m.entry, nil
}
