package harness

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Kind names a server under test.
type Kind string

// The two servers.
const (
	Natsd Kind = "natsd"
	Peer  Kind = "peer"
)

var usePeer = flag.Bool("peer", os.Getenv("NATSD_TARGET") == "peer",
	"run the black-box tests against the peer nats-server instead of natsd")

// Target is the server that a run is about: natsd, or the peer with -peer or NATSD_TARGET=peer.
func Target() Kind {
	if *usePeer {
		return Peer
	}
	return Natsd
}

// Binary returns the path of the server's executable. natsd is built on the first call; the
// environment variable NATSD_BINARY names one to use as it is. A missing peer skips the test, or
// fails it when NATSD_REQUIRE_PEER is 1.
func Binary(tb testing.TB, k Kind) string {
	tb.Helper()
	if k == Peer {
		path, err := exec.LookPath("nats-server")
		if err == nil {
			return path
		}
		if os.Getenv("NATSD_REQUIRE_PEER") == "1" {
			tb.Fatalf("the peer is required (NATSD_REQUIRE_PEER=1) and missing: %v", err)
		}
		tb.Skip("no nats-server on this machine to compare with")
	}
	path, err := natsd()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// noteSources reads the directories that natsd is built from. The go command keeps the results of
// tests and knows by what a test has opened when they are out of date; it cannot see what go build
// opens.
func noteSources() error {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	for _, dir := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			return err
		}
	}
	return nil
}

var natsd = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("NATSD_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	path, err := shared("natsd")
	if err != nil {
		return "", err
	}
	if err := noteSources(); err != nil {
		return "", err
	}
	args := append([]string{"build"}, buildFlags...)
	out, err := exec.Command("go", append(args, "-o", path, "natsd/cmd/natsd")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build natsd: %w\n%s", err, out)
	}
	return path, nil
})
