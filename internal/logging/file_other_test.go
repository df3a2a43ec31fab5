//go:build !unix

package logging

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
