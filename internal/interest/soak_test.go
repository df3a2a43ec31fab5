//go:build soak

package interest_test

import "testing"

func TestMemoryOfAMillionLiterals(t *testing.T) { checkMemory(t, 1_000_000) }
