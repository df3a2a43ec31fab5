package reload

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// resetPeak begins a new measurement of the peak.
func resetPeak(t *testing.T, pid int) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Skip("the peak cannot be reset here: ", err)
	}
}

// crowdOf is a configuration of many users of whom one changes.
func crowdOf(users, turn int) string {
	var b strings.Builder
	b.WriteString(listen + "authorization { users: [\n{user: probe, password: p}\n")
	for i := range users {
		secret := i
		if i == users/2 {
			secret = users + turn
		}
		fmt.Fprintf(&b, "{user: u%d, password: p%d, permissions {publish: [\"a.%d.>\", b], subscribe {allow: \"c.%d\", deny: d}}}\n", i, secret, i, i)
	}
	b.WriteString("] }\n")
	return b.String()
}

// TestManyUsers tells what the reload of one user among ten thousand costs: CPU time, memory at its peak
// and afterwards, and how long a client waits for an answer meanwhile. Natsd is measured, and nats-server
// where it is there.
func TestManyUsers(t *testing.T) {
	if _, err := os.Stat("/proc/self/clear_refs"); err != nil {
		t.Skip("needs /proc")
	}
	users, rounds := soak(2000, 10_000), soak(5, 30)
	for _, kind := range []harness.Kind{harness.Natsd, harness.Peer} {
		t.Run(string(kind), func(t *testing.T) {
			sc := harness.NewScope(t)
			opts := []harness.Option{harness.WithScope(sc), harness.WithoutListen()}
			if kind == harness.Natsd {
				opts = append(opts, harness.WithArgs("--no-watch"))
			}
			s := harness.Start(t, kind, crowdOf(users, 0), opts...)
			nc, err := nats.Connect("nats://"+s.Addr, nats.UserInfo("probe", "p"))
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			time.Sleep(time.Duration(soak(1, 12)) * time.Second) // the memory of the start is given back
			steady, cpu := s.RSS()>>20, s.CPU()
			done := make(chan struct{})
			waits := make(chan []time.Duration)
			go func() { waits <- probe(nc, done) }()
			resetPeak(t, s.Pid())
			for i := range rounds {
				if err := s.SetConfig(sc.Expand(crowdOf(users, i+1))); err != nil {
					t.Fatal(err)
				}
				before := s.Log.Count(reloaded)
				if err := s.Signal(syscall.SIGHUP); err != nil {
					t.Fatal(err)
				}
				lately(t, "it is reloaded", func() bool { return s.Log.Count(reloaded) > before })
			}
			cpu = (s.CPU() - cpu) / time.Duration(rounds)
			after, peak := s.RSS()>>20, s.PeakRSS()>>20
			close(done)
			all := <-waits
			var rest int64
			back := harness.Eventually(patience, func() bool {
				rest = s.RSS() >> 20
				return rest <= steady*3/2
			})
			t.Logf("%d users, %d reloads: %v CPU each; RSS %d MB before, %d at the peak, %d after, %d at rest",
				users, rounds, cpu, steady, peak, after, rest)
			t.Logf("%d answers meanwhile: median %v, 99.9 %% %v, longest %v", len(all), quantile(all, 0.5), quantile(all, 0.999), slices.Max(all))
			if kind == harness.Natsd && !back {
				t.Errorf("memory is not given back: %d MB before, %d MB after", steady, rest)
			}
		})
	}
}

// probe asks the server for an answer once in a millisecond, and returns how long each took.
func probe(nc *nats.Conn, done <-chan struct{}) (all []time.Duration) {
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-done:
			return all
		case <-pace.C:
		}
		began := time.Now()
		if nc.FlushTimeout(patience) != nil {
			return all
		}
		all = append(all, time.Since(began))
	}
}
