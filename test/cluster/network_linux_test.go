package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"natsd/test/harness"
)

// namespace is a network that only this process and those that it starts there see. Nothing names it: it
// is gone with the last of them, however the test ends.
type namespace struct{ file *os.File }

// newNamespace makes an empty network.
func newNamespace() (*namespace, error) {
	n := &namespace{}
	var g errgroup.Group
	g.Go(func() error {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		var err error
		n.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	return n, g.Wait()
}

// do calls f on a thread in the namespace: processes that f starts and sockets that it opens are there.
func (n *namespace) do(f func() error) error {
	var g errgroup.Group
	g.Go(func() error {
		runtime.LockOSThread() // as above
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the network namespace: %w", err)
		}
		return f()
	})
	return g.Wait()
}

// ip runs ip of iproute2 in the namespace.
func (n *namespace) ip(args string) error {
	return n.do(func() error {
		out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput() //nolint:gosec // the test's own words
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
		return nil
	})
}

// lan is some hosts on one bridge, each a namespace of its own.
type lan struct {
	hub   *namespace
	hosts []*namespace
}

// newLAN makes a network of hosts with the addresses 192.0.2.1 and so on. Where that cannot be done the
// test is skipped; when the peer is required, root must be able to.
func newLAN(t *testing.T, hosts int) *lan {
	t.Helper()
	l, err := makeLAN(t, hosts)
	if err == nil {
		return l
	}
	if os.Getenv("NATSD_REQUIRE_PEER") == "1" && os.Geteuid() == 0 {
		t.Fatalf("no network namespaces: %v", err)
	}
	t.Skipf("no network namespaces: %v", err)
	return nil
}

func makeLAN(t *testing.T, hosts int) (*lan, error) {
	t.Helper()
	l := &lan{}
	add := func() (*namespace, error) {
		n, err := newNamespace()
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = n.file.Close() })
		return n, n.ip("link set lo up")
	}
	var err error
	if l.hub, err = add(); err != nil {
		return nil, err
	}
	if err := errors.Join(l.hub.ip("link add br0 type bridge"), l.hub.ip("link set br0 up")); err != nil {
		return nil, err
	}
	for i := range hosts {
		h, err := add()
		if err != nil {
			return nil, err
		}
		l.hosts = append(l.hosts, h)
		for _, step := range []error{
			l.hub.ip(fmt.Sprintf("link add port%d type veth peer name eth0 netns /proc/%d/fd/%d", i, os.Getpid(), h.file.Fd())),
			l.hub.ip(fmt.Sprintf("link set port%d master br0 up", i)),
			h.ip(fmt.Sprintf("addr add %s/24 dev eth0", l.addr(i))),
			h.ip("link set eth0 up"),
		} {
			if step != nil {
				return nil, step
			}
		}
	}
	return l, nil
}

func (l *lan) addr(host int) string { return fmt.Sprintf("192.0.2.%d", host+1) }

// plug connects a host with the bridge, or cuts it off: no packet goes either way, and nobody is told.
func (l *lan) plug(t *testing.T, host int, in bool) {
	t.Helper()
	state := "down"
	if in {
		state = "up"
	}
	check(t, l.hub.ip(fmt.Sprintf("link set port%d %s", host, state)))
}

// place is where a member lives on a host. Its clients are on the same host.
func (l *lan) place(host int) place {
	return place{host: l.addr(host), server: []harness.Option{harness.Inside(l.hosts[host].do)}}
}
