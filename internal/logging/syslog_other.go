//go:build !unix

package logging

func isTooLong(error) bool { return false }
