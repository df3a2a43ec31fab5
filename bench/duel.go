package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// duel is a whole run.
type duel struct {
	rivals   []rival
	works    []work
	rounds   int
	pace     pace
	cpus     placement
	dir      string // for files of the servers
	profiles string // directory, or empty
	progress func(line string)
	rates    map[string]float64 // see stage
}

// result is all samples of one workload: Samples[i][round] are those of rival i.
type result struct {
	Work    string     `json:"work"`
	About   string     `json:"about"`
	Unit    string     `json:"unit"`
	Kind    kind       `json:"kind"`
	Goal    float64    `json:"goal,omitempty"`  // of the ratio to the peer
	Limit   float64    `json:"limit,omitempty"` // of the figure of natsd
	Samples [][]sample `json:"samples"`
}

// most is how many rounds there are of a workload: those that hardly vary, or take long, have fewer.
var most = map[kind]int{memory: 1, single: 3}

// run goes through the workloads round by round, so that a disturbance hits one round of many
// workloads rather than all rounds of one. Who comes first changes from round to round. With an error
// it returns what there is until then.
func (d *duel) run(ctx context.Context) ([]result, error) {
	results := make([]result, len(d.works))
	for i, w := range d.works {
		results[i] = result{Work: w.name, About: w.about, Unit: w.unit, Kind: w.kind, Goal: w.goal, Limit: w.limit, Samples: make([][]sample, len(d.rivals))}
	}
	d.rates = make(map[string]float64)
	for round := range d.rounds {
		for i, w := range d.works {
			if n := most[w.kind]; n > 0 && round >= n {
				continue
			}
			for _, j := range turns(len(d.rivals), round) {
				r := d.rivals[j]
				if r.relay && !w.relay {
					continue
				}
				d.progress(fmt.Sprintf("round %d of %d: %s, %s", round+1, d.rounds, w.name, r.name))
				s, err := d.once(ctx, w, r, round)
				if err != nil {
					return results, fmt.Errorf("%s with %s: %w", w.name, r.name, err)
				}
				results[i].Samples[j] = append(results[i].Samples[j], s)
			}
		}
	}
	return results, nil
}

// turns is the order of n rivals in a round.
func turns(n, round int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}

// peer is who natsd is compared with: itself, if there is nobody else.
func (d *duel) peer() rival {
	if len(d.rivals) > 1 && !d.rivals[1].relay {
		return d.rivals[1]
	}
	return d.rivals[0]
}

// once measures one workload on a fresh process of one rival.
func (d *duel) once(ctx context.Context, w work, r rival, round int) (sample, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.pace.limit, fmt.Errorf("not through after %v", d.pace.limit))
	defer cancel()
	s := &stage{pace: d.pace, ctx: ctx, rival: r, rates: d.rates}
	s.start = func(c conf) (*server, error) { return r.start(ctx, d.dir, d.cpus, c) }
	s.startPeer = func() (*server, error) { return d.peer().start(ctx, d.dir, d.cpus, conf{}) }
	if w.bare {
		return w.run(s)
	}
	if w.conf != nil {
		var err error
		if s.conf, err = w.conf(); err != nil {
			return sample{}, err
		}
	}
	srv, err := s.start(s.conf)
	if err != nil {
		return sample{}, err
	}
	defer srv.stop()
	s.server = srv
	if d.profiles != "" && round == 0 && !r.relay {
		path := filepath.Join(d.profiles, w.name+"."+r.name+".pprof")
		s.profile = func(span time.Duration) error { return srv.record(ctx, path, span) }
	}
	return w.run(s)
}

// writeFile creates a file and its directory.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}
