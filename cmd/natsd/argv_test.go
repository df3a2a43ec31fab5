package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"-p 4222", "--port=4222"},
		{"--p=4222", "--port=4222"},
		{"-port -1", "--port=-1"}, // a value may look like a flag
		{"-addr 127.0.0.1 --net ::1", "--addr=127.0.0.1 --addr=::1"},
		{"-D -V -T=false", "--debug --trace --logtime=false"},
		{"-DV -DVV -VV", "--DV --DVV --VV"},
		{"-ms 1 -m 2 -sd d -js -sl reload", "--https_port=1 --http_port=2 --store_dir=d --jetstream --signal=reload"},
		{"-sl=reload=/run/natsd.pid", "--signal=reload=/run/natsd.pid"},
		{"-D true", "--debug -- true"}, // a switch takes no separate value
		{"-c", "--config"},
		{"-bogus x -p 1", "--bogus -- x -p 1"},
		{"--bogus=x", "--bogus=x"},
		{"-p 1 -- -p 2", "--port=1 -- -p 2"},
		{"- -p 2", "-- - -p 2"},
		{"-P pid -p 1", "--pid=pid --port=1"}, // letter case counts
		{"--user=", "--user="},
	} {
		got, _ := normalize(strings.Fields(tc.in))
		if diff := cmp.Diff(strings.Fields(tc.want), got); diff != "" {
			t.Errorf("%q: %s", tc.in, diff)
		}
	}
}

func TestEverySpellingIsUnique(t *testing.T) {
	t.Parallel()
	n := 0
	for _, g := range optionGroups() {
		for _, o := range g.options {
			n += 1 + len(o.also)
		}
	}
	if got := len(bySpelling()); got != n {
		t.Errorf("%d spellings, %d of them distinct", n, got)
	}
}

func TestTakeArgsHidesSecrets(t *testing.T) {
	t.Parallel()
	osArgs := strings.Fields("natsd --user alice --pass=swordfish -auth t0ken --routes=nats://r:s3cret@h:1 -p 4222 --cluster nats://c:h1dden@h:2")
	for i, a := range osArgs {
		osArgs[i] = strings.Clone(a) // a test's literals stand in memory that cannot be written
	}
	got := takeArgs(osArgs)
	want := strings.Fields("--user alice --pass=swordfish -auth t0ken --routes=nats://r:s3cret@h:1 -p 4222 --cluster nats://c:h1dden@h:2")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("copy: %s", diff)
	}
	left := strings.Join(osArgs, " ")
	for _, secret := range []string{"alice", "swordfish", "t0ken", "s3cret", "h1dden"} {
		if strings.Contains(left, secret) {
			t.Errorf("%q is still in %q", secret, left)
		}
	}
	for _, plain := range []string{"natsd", "--pass=", "--routes=", "4222", "--cluster"} {
		if !strings.Contains(left, plain) {
			t.Errorf("%q is gone from %q", plain, left)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("-p\x001\x00-bogus\x00--\x00x")
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		long, secrets := normalize(args)
		for _, s := range secrets {
			_ = args[s.index][s.offset:] // a place outside would panic
		}
		for _, a := range long {
			if a == "--" {
				break
			}
			if !strings.HasPrefix(a, "--") {
				t.Fatalf("%q: pflag would take %q apart", args, a)
			}
		}
	})
}
