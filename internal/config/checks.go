package config

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
)

// Checks for [Key.Check] that several sections use.

func checkPort(v any) error {
	if n, _ := v.(int64); n < -1 || n > math.MaxUint16 {
		return fmt.Errorf("port must be between -1 and %d, got %d", math.MaxUint16, v)
	}
	return nil
}

// checkNoSpaces refuses names with spaces: "server name cannot contain spaces".
func checkNoSpaces(what string) func(any) error {
	return func(v any) error {
		if s, _ := v.(string); strings.Contains(s, " ") {
			return fmt.Errorf("%s cannot contain spaces", what)
		}
		return nil
	}
}

// checkRange refuses whole numbers and sizes outside lowest..highest.
func checkRange(name string, lowest, highest int) func(any) error {
	return func(v any) error {
		n, ok := v.(int64)
		switch {
		case ok && n < int64(lowest):
			return fmt.Errorf("%s must be %d or more, got %d", name, lowest, n)
		case ok && n > int64(highest):
			return fmt.Errorf("%s must be %d or less, got %d", name, highest, n)
		}
		return nil
	}
}

// checkAtLeast0 refuses negative numbers and durations.
func checkAtLeast0(name string) func(any) error {
	return func(v any) error {
		n, _ := v.(int64)
		d, _ := v.(time.Duration)
		if n < 0 || d < 0 {
			return fmt.Errorf("%s must not be negative, got %v", name, v)
		}
		return nil
	}
}

// parseHostPort splits host[:port]; without a port it gives 0.
func parseHostPort(s string) (string, int, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		if !strings.Contains(err.Error(), "missing port") {
			return "", 0, err
		}
		host, port = strings.Trim(s, "[]"), "0"
	}
	n, err := strconv.Atoi(strings.TrimSpace(port))
	if err != nil {
		return "", 0, err
	}
	if n < -1 || n > math.MaxUint16 {
		return "", 0, fmt.Errorf("port %d is out of range", n)
	}
	return strings.TrimSpace(host), n, nil
}
