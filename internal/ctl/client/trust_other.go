//go:build !unix

package client

// trusted cannot tell who has made a folder: the default ones are not open to all on such systems.
func trusted(string) bool { return true }
