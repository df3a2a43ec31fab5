//go:build unix

package server

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manyUsers is a configuration of n users with permissions; one of them changes with i.
func manyUsers(n, i int) string {
	var b strings.Builder
	b.WriteString("authorization { users: [\n")
	for u := range n {
		secret := u
		if u == n/2 {
			secret = n + i
		}
		fmt.Fprintf(&b, "{ user: u%d, password: p%d, permissions { publish: [\"a.%d.>\", b], subscribe { allow: \"c.%d\", deny: d } } }\n", u, secret, u, u)
	}
	b.WriteString("] }\n")
	return b.String()
}

func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReload reloads a configuration of 10,000 users of whom one has changed, and tells what that
// costs in CPU time.
func BenchmarkReload(b *testing.B) {
	const users = 10_000
	l, err := begin(b.TempDir(), onLoopback+manyUsers(users, 0))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { must(0, l.end()) }()
	texts := [2]string{onLoopback + manyUsers(users, 1), onLoopback + manyUsers(users, 2)}
	if _, err := l.try(texts[1]); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var cpu time.Duration
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		if err := l.write(texts[i%2]); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		before := cpuTime(b)
		if err := l.Reload(b.Context(), "test"); err != nil {
			b.Fatal(err)
		}
		cpu += cpuTime(b) - before
	}
	b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op")
}
