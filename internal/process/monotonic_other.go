//go:build !linux

package process

import "errors"

func monotonicMicros() (int64, error) { return 0, errors.ErrUnsupported }
