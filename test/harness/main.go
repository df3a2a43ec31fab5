package harness

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// parallel is how many tests of one package run at once unless -parallel says otherwise. The
// tests wait for timers far more than they compute, so this is well above the number of cores.
const parallel = "8"

// scratch is the directory of what all tests of one test binary share and nobody changes: the
// built natsd and the certificates.
var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "natsd-test-") })

// Run runs the tests of a package and removes what they shared. TestMain passes its result to
// os.Exit. It is the only thing that a package needs to do before it uses the harness.
func Run(m *testing.M) int {
	flag.Parse()
	if !isSet("test.parallel") {
		if err := flag.Set("test.parallel", parallel); err != nil {
			fmt.Fprintln(os.Stderr, "harness:", err)
			return 2
		}
	}
	code := m.Run()
	if dir, err := scratch(); err == nil {
		_ = os.RemoveAll(dir)
	}
	return code
}

func isSet(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// shared returns the path of name in the scratch directory.
func shared(name string) (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", fmt.Errorf("scratch directory: %w", err)
	}
	return filepath.Join(dir, name), nil
}
