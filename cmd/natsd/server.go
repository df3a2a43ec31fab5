package main

import (
	"natsd/internal/config"
	natsd "natsd/internal/server"
)

// newServer builds the server that [program.start] runs.
func newServer(o *config.Options) (server, error) {
	s, err := natsd.New(o)
	if err != nil {
		return nil, err
	}
	return s, nil
}
