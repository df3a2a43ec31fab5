package cluster

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// convergence is how long interest may take to be exact everywhere once subscriptions rest. Most of it is
// for the machine: servers tell each other at once.
const convergence = time.Second

// churner makes and ends subscriptions at one server, and keeps what is true of them.
type churner struct {
	nc   *nats.Conn
	rng  *rand.Rand
	subs []*nats.Subscription
}

// churn makes so many changes. Subjects and queues repeat, so that interest often stays when a
// subscription ends.
func (c *churner) churn(t *testing.T, changes int) {
	t.Helper()
	subjects := []string{"s.%d", "s.%d.*", "s.%d.*.x", "s.*.%d", "s.%d.>"}
	for range changes {
		if i := c.rng.IntN(400); i < len(c.subs) {
			check(t, c.subs[i].Unsubscribe())
			c.subs = slices.Delete(c.subs, i, i+1)
			continue
		}
		subject := fmt.Sprintf(subjects[c.rng.IntN(len(subjects))], c.rng.IntN(40))
		sub, err := c.nc.QueueSubscribeSync(subject, []string{"", "", "q1", "q2"}[c.rng.IntN(4)])
		check(t, err)
		c.subs = append(c.subs, sub)
	}
}

// interest is what others must know of the subscriptions: each subject and queue once, sorted.
func (c *churner) interest() []string {
	set := map[string]bool{}
	for _, s := range c.subs {
		set[s.Subject+" "+s.Queue] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// beliefs is the interest of other servers that a server knows, by their ids, each sorted.
func (n *member) beliefs() map[string][]string {
	var z struct {
		Routes []struct {
			RemoteID string `json:"remote_id"`
			Subs     []struct {
				Subject string `json:"subject"`
				Queue   string `json:"qgroup"`
			} `json:"subscriptions_list_detail"`
		} `json:"routes"`
	}
	if n.GetJSON("/routez?subs=detail", &z) != nil {
		return nil
	}
	out := map[string][]string{}
	for _, r := range z.Routes {
		for _, s := range r.Subs {
			if strings.HasPrefix(s.Subject, "s.") {
				out[r.RemoteID] = append(out[r.RemoteID], s.Subject+" "+s.Queue)
			}
		}
	}
	for _, subs := range out {
		slices.Sort(subs)
	}
	return out
}

func (n *member) id(t *testing.T) string {
	t.Helper()
	var z struct {
		ID string `json:"server_id"`
	}
	check(t, n.GetJSON("/varz", &z))
	return z.ID
}

// When subscriptions rest after much change at all servers, each server soon knows exactly the interest of
// each other one. It runs beside no other test: it measures time.
func TestInterestIsExactSoonAfterQuiet(t *testing.T) { //nolint:paralleltest // it measures time
	for name, specs := range map[string][]spec{
		"natsd":      of(3, spec{}),
		"no pools":   of(3, spec{cluster: "pool_size: -1"}),
		"compressed": of(3, spec{cluster: "compression: s2_fast"}),
		"mixed":      {{}, {kind: harness.Peer}, {}},
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // it measures time
			m := form(t, specs...)
			var ids []string
			var churners []*churner
			for i, n := range m.members {
				ids = append(ids, n.id(t))
				churners = append(churners, &churner{nc: n.dial(t), rng: rand.New(rand.NewPCG(1, uint64(i)))}) //nolint:gosec // the same in each run
			}
			var slowest time.Duration
			rounds, late, known := scale(3, 200), 0, 0
			for round := range rounds {
				for range 10 { // in turns, so that the changes of all cross each other on the routes
					for _, c := range churners {
						c.churn(t, 100)
					}
				}
				want := make([]map[string][]string, len(m.members))
				known = 0
				for i := range m.members {
					want[i] = map[string][]string{}
					for o, c := range churners {
						if o != i {
							want[i][ids[o]] = c.interest()
							known += len(want[i][ids[o]])
						}
					}
				}
				for _, c := range churners {
					check(t, c.nc.Flush())
				}
				quiet := time.Now()
				for i, n := range m.members {
					var got map[string][]string
					exact := func() bool {
						got = n.beliefs()
						return maps.EqualFunc(got, want[i], slices.Equal)
					}
					if !harness.Eventually(patience, exact) {
						t.Fatalf("round %d: interest at %s %v after quiet:\n%v\nwant\n%v", round, n.name, time.Since(quiet), got, want[i])
					}
				}
				took := time.Since(quiet)
				if took > convergence {
					late++
				}
				slowest = max(slowest, took)
			}
			t.Logf("%d rounds of 3000 changes: all three servers exact at most %v after quiet, %d entries in the last round",
				rounds, slowest.Round(time.Millisecond), known)
			if late > 1 && !harness.Race { // one may be the machine's
				t.Errorf("interest was exact only after more than %v in %d of %d rounds", convergence, late, rounds)
			}
		})
	}
}
