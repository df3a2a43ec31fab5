package main

import (
	"fmt"
	"time"
)

// churn is a client that subscribes to many subjects and leaves them again.
type churn struct{}

const churnSubjects = 1000

func (w churn) work(name, about string, goal float64) work {
	return work{name: name, about: about, unit: "pair", kind: processor, goal: goal, run: w.run}
}

func (churn) run(s *stage) (sample, error) {
	var round []byte
	for i := range churnSubjects {
		round = fmt.Appendf(round, "SUB bench.churn.%d %d\r\n", i, i)
	}
	for i := range churnSubjects {
		round = fmt.Appendf(round, "UNSUB %d\r\n", i)
	}
	return s.withCrowd(func(c *crowd) (sample, error) {
		x, err := c.dial(&inbox{}, 4<<10)
		if err != nil {
			return sample{}, err
		}
		return s.measure(func(d time.Duration) (int, error) {
			n := 0
			for end := time.Now().Add(d); time.Now().Before(end); n += churnSubjects {
				if err := x.write(round); err != nil {
					return n, err
				}
				if err := x.flush(c.ctx); err != nil {
					return n, err
				}
			}
			return n, nil
		})
	})
}
