package main

import (
	"natsd/internal/config"
	natsd "natsd/internal/server"
)

// newServer builds the server that [program.start] runs.
func newServer(o *config.Options, _ config.Source) (server, error) {
	return natsd.New(o)
}
