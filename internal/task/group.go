package task

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
)

// Panic describes a task that panicked.
type Panic struct {
	Task  string // name given to Go
	Value any
	Stack []byte // of the panicking goroutine
}

// Group owns a set of goroutines. All methods may be called from any goroutine, also from a task of
// the group itself, except that a task must not wait for its own group.
type Group struct {
	ctx     context.Context
	cancel  context.CancelFunc
	onPanic func(Panic)

	mu      sync.Mutex // a leaf: nothing is called while it is held
	running map[string]int
	total   int
	idle    chan struct{} // closed when total falls to zero; nil while nobody waits
}

// New returns a group whose tasks get a context derived from parent.
//
// A panic in a task is passed to onPanic, on the panicking goroutine, and then raised again, so that
// the process ends with a stack trace and exit code 2: whatever state the task shared is in doubt.
// onPanic may be nil.
func New(parent context.Context, onPanic func(Panic)) *Group {
	ctx, cancel := context.WithCancel(parent)
	return &Group{ctx: ctx, cancel: cancel, onPanic: onPanic, running: make(map[string]int)}
}

// Go runs f in a new goroutine. The context ends with [Group.Stop] or with the group's parent; f must
// return soon after. The name says what kind of work it is ("accept", "client"); use few distinct ones.
func (g *Group) Go(name string, f func(ctx context.Context)) {
	g.mu.Lock()
	g.running[name]++
	g.total++
	g.mu.Unlock()
	go g.run(name, f)
}

func (g *Group) run(name string, f func(ctx context.Context)) {
	defer g.end(name)
	f(g.ctx)
}

// end is the deferred call of every task, so its recover sees the task's panic.
func (g *Group) end(name string) {
	if v := recover(); v != nil {
		if g.onPanic != nil {
			g.onPanic(Panic{Task: name, Value: v, Stack: debug.Stack()})
		}
		panic(v)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.running[name]--; g.running[name] == 0 {
		delete(g.running, name)
	}
	if g.total == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// Context is the context that tasks get.
func (g *Group) Context() context.Context { return g.ctx }

// Stop ends the context of all tasks, present and future. It does not wait.
func (g *Group) Stop() { g.cancel() }

// Wait returns when no task runs. Tasks started meanwhile are waited for too.
func (g *Group) Wait() { <-g.Idle() }

// WaitFor waits as [Group.Wait] does, at most until ctx ends; then the error names the tasks that
// still run.
func (g *Group) WaitFor(ctx context.Context) error {
	select {
	case <-g.Idle():
		return nil
	case <-ctx.Done():
	}
	counts := g.Counts()
	if len(counts) == 0 {
		return nil
	}
	names := make([]string, 0, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		names = append(names, fmt.Sprintf("%s (%d)", name, counts[name]))
	}
	return fmt.Errorf("tasks still running: %s: %w", strings.Join(names, ", "), context.Cause(ctx))
}

// Idle returns a channel that is closed once no task runs.
func (g *Group) Idle() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.idle != nil {
		return g.idle
	}
	idle := make(chan struct{})
	if g.total == 0 {
		close(idle)
		return idle
	}
	g.idle = idle
	return idle
}

// Running is the number of tasks that have not returned.
func (g *Group) Running() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}

// Counts returns the number of running tasks by name.
func (g *Group) Counts() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.running)
}
