package main

import (
	"natsd/internal/config"
	natsd "natsd/internal/server"
)

// newServer builds the server that [program.start] runs. A reload reads src again.
func newServer(o *config.Options, src config.Source) (server, error) {
	s, err := natsd.New(o, natsd.WithSource(src))
	if err != nil {
		return nil, err
	}
	return s, nil
}
