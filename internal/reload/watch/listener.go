package watch

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"syscall"

	"github.com/fsnotify/fsnotify"

	"natsd/internal/task"
)

// notifier is what the listener needs of [fsnotify.Watcher].
type notifier interface {
	Add(dir string) error
	Remove(dir string) error
	WatchList() []string
	Close() error
}

// listener hears of events in directories. Its methods are for one goroutine.
type listener struct {
	tasks *task.Group
	note  func(lost bool) // called for every event that matters, and when events were lost
	open  func() (notifier, <-chan fsnotify.Event, <-chan error, error)

	fs   notifier               // nil while closed
	dirs map[string]fs.FileInfo // the directories being listened to, as they were then

	names atomic.Pointer[interest]
	modes atomic.Bool // changes of mode matter too
}

// openFS asks the system for events.
func openFS() (notifier, <-chan fsnotify.Event, <-chan error, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil, nil, err
	}
	return w, w.Events, w.Errors, nil
}

// follow listens to the directories of a picture and to no others. It tells whether there are new ones
// among them, for what happened there before the call made no event, and why some make none at all.
func (l *listener) follow(p *picture) (added bool, blind string) {
	l.names.Store(&p.names)
	l.modes.Store(p.faulty())
	if err := l.start(); err != nil {
		return false, reasonFor(err)
	}
	l.leave(p)
	var reasons []string
	for _, dir := range p.lost {
		reasons = append(reasons, dir+" does not exist")
	}
	for _, dir := range slices.Sorted(maps.Keys(p.names)) {
		if l.dirs[dir] == nil {
			if err := l.add(dir); err != nil {
				reasons = append(reasons, dir+": "+reasonFor(err))
				continue
			}
			added = true
		}
		if name := sharedFS(dir); name != "" {
			reasons = append(reasons, dir+" is on "+name)
		}
	}
	if len(reasons) > 0 {
		blind = reasons[0]
	}
	return added, blind
}

// leave stops listening to directories that a picture does not need, and to those that are no longer
// what they were: the system follows a directory that is moved.
func (l *listener) leave(p *picture) {
	heard := make(map[string]bool)
	for _, dir := range l.fs.WatchList() {
		heard[dir] = true
	}
	for dir, then := range l.dirs {
		now, err := os.Stat(dir)
		if p.names[dir] == nil || !heard[dir] || err != nil || !os.SameFile(then, now) {
			_ = l.fs.Remove(dir) // it may be gone, and the watch with it
			delete(l.dirs, dir)
		}
	}
}

// start opens the source of events, if it is not.
func (l *listener) start() error {
	if l.fs != nil {
		return nil
	}
	fs, events, errs, err := l.open()
	if err != nil {
		return err
	}
	l.fs = fs
	l.dirs = make(map[string]os.FileInfo)
	l.tasks.Go("watch events", func(context.Context) { l.hear(events, errs) })
	return nil
}

var errNotHeard = errors.New("known under another path")

// add listens to one more directory.
func (l *listener) add(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if err := l.fs.Add(dir); err != nil {
		return err
	}
	// Of two paths of one directory, as a bind mount makes them, events name the first only.
	if !slices.Contains(l.fs.WatchList(), dir) {
		return errNotHeard
	}
	l.dirs[dir] = info
	return nil
}

// reasonFor says in an operator's words why there are no events.
func reasonFor(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "the limit of watches is reached (fs.inotify.max_user_watches)"
	case errors.Is(err, syscall.EMFILE):
		return "the limit of watchers is reached (fs.inotify.max_user_instances, or open files)"
	}
	return reason(err)
}

// stop ends listening. The next follow begins anew.
func (l *listener) stop() {
	if l.fs != nil {
		_ = l.fs.Close() // it ends hear
		l.fs, l.dirs = nil, nil
	}
}

// hear passes on the events that matter until the source is closed.
func (l *listener) hear(events <-chan fsnotify.Event, errs <-chan error) {
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if l.matters(e) {
				l.note(false)
			}
		case _, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			l.note(true)
		}
	}
}

// matters tells whether an event can mean a change of contents. A changed mode can only when it makes
// readable what was not.
func (l *listener) matters(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod && !l.modes.Load() {
		return false
	}
	return l.names.Load().covers(e.Name)
}
