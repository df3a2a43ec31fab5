package system

import (
	"context"
	"sync"

	"natsd/internal/task"
)

// Bounds of what waits in a lane.
const (
	maxJobs  = 8192
	maxBytes = 32 << 20
)

// job is something to do, and the bytes that it holds until then.
type job struct {
	size int
	do   func(context.Context)
}

// lane does jobs one after the other, on a goroutine that exists while there are some. The zero lane is
// ready for use.
type lane struct {
	mu    sync.Mutex // a leaf
	jobs  []job
	bytes int
	busy  bool
}

// push adds a job unless too much waits already.
func (l *lane) push(tasks *task.Group, j job) bool {
	l.mu.Lock()
	if len(l.jobs) >= maxJobs || l.bytes+j.size > maxBytes && len(l.jobs) > 0 {
		l.mu.Unlock()
		return false
	}
	l.jobs = append(l.jobs, j)
	l.bytes += j.size
	start := !l.busy
	l.busy = true
	l.mu.Unlock()
	if start {
		tasks.Go("system", l.work)
	}
	return true
}

func (l *lane) work(ctx context.Context) {
	for {
		jobs := l.take()
		if jobs == nil {
			return
		}
		for i := range jobs {
			if ctx.Err() == nil {
				jobs[i].do(ctx)
			}
		}
	}
}

// take returns what waits; nil is the end of the worker.
func (l *lane) take() []job {
	l.mu.Lock()
	defer l.mu.Unlock()
	jobs := l.jobs
	l.jobs, l.bytes = nil, 0
	l.busy = jobs != nil
	return jobs
}
