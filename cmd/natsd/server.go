package main

import (
	"errors"

	"natsd/internal/config"
)

// newServer builds the server that [program.start] runs. A reload reads src again.
func newServer(o *config.Options, src config.Source) (server, error) {
	return nil, errors.New("this build has no server")
}
