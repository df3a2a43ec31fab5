package main

import (
	"context"
	"sync/atomic"
)

// progress counts what has arrived. Any number of goroutines may add, one may wait.
type progress struct {
	n    atomic.Uint64
	want atomic.Uint64 // what somebody waits for; 0 is nobody
	wake chan struct{}
}

func newProgress() *progress { return &progress{wake: make(chan struct{}, 1)} }

func (p *progress) add(n int) {
	now := p.n.Add(uint64(n))
	if want := p.want.Load(); want != 0 && now >= want && p.want.CompareAndSwap(want, 0) {
		p.wake <- struct{}{}
	}
}

func (p *progress) count() uint64 { return p.n.Load() }

// wait returns when the count has reached target.
func (p *progress) wait(ctx context.Context, target uint64) error {
	if p.n.Load() >= target {
		return nil
	}
	p.want.Store(target)
	if p.n.Load() >= target && p.want.CompareAndSwap(target, 0) {
		return nil
	}
	select {
	case <-p.wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
