package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
}

// result is all samples of one workload: Samples[i][round] are those of rival i.
type result struct {
	Work    string     `json:"work"`
	About   string     `json:"about"`
	Unit    string     `json:"unit"`
	Kind    kind       `json:"kind"`
	Samples [][]sample `json:"samples"`
}

// run goes through the workloads round by round, so that a disturbance hits one round of many
// workloads rather than all rounds of one. Memory hardly varies and is measured in the first only.
func (d *duel) run(ctx context.Context) ([]result, error) {
	results := make([]result, len(d.works))
	for i, w := range d.works {
		results[i] = result{Work: w.name, About: w.about, Unit: w.unit, Kind: w.kind, Samples: make([][]sample, len(d.rivals))}
	}
	for round := range d.rounds {
		for i, w := range d.works {
			if w.kind == memory && round > 0 {
				continue
			}
			for j, r := range d.rivals {
				d.progress(fmt.Sprintf("round %d of %d: %s, %s", round+1, d.rounds, w.name, r.name))
				s, err := d.once(ctx, w, r, round)
				if err != nil {
					return nil, fmt.Errorf("%s with %s: %w", w.name, r.name, err)
				}
				results[i].Samples[j] = append(results[i].Samples[j], s)
			}
		}
	}
	return results, nil
}

// once measures one workload on a fresh process of one rival.
func (d *duel) once(ctx context.Context, w work, r rival, round int) (sample, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.pace.limit, fmt.Errorf("not through after %v", d.pace.limit))
	defer cancel()
	srv, err := r.start(ctx, d.dir, d.cpus)
	if err != nil {
		return sample{}, err
	}
	defer srv.stop()
	s := &stage{pace: d.pace, ctx: ctx, server: srv}
	if d.profiles != "" && round == 0 {
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
