package config

import (
	"slices"
	"testing"
)

func TestPointers(t *testing.T) {
	t.Parallel()
	for pointer, elems := range map[string][]string{
		"/port":                    {"port"},
		"/tls/timeout":             {"tls", "timeout"},
		"/accounts/A.B/users/0":    {"accounts", "A.B", "users", "0"},
		"/accounts/a~1b~0c~01/jwt": {"accounts", "a/b~c~1", "jwt"},
	} {
		if got := Pointer(elems...); got != pointer {
			t.Errorf("%q: made %s", elems, got)
		}
		if got := PointerElements(pointer); !slices.Equal(got, elems) {
			t.Errorf("%s: taken apart to %q", pointer, got)
		}
	}
}
