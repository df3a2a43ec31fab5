package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"

	"natsd/internal/config"
	"natsd/internal/process"
	"natsd/internal/task"
)

// server is what the command needs of the server that it runs. *server.Server has it.
type server interface {
	Run(ctx context.Context) error
	Ready() <-chan struct{}
	Logger() *slog.Logger
	LameDuck()
	ReopenLogs()
	Reload(ctx context.Context, who string) error
}

type serveFunc func(*config.Options, config.Source) (server, error)

// action is what a signal asks the running server for.
type action uint8

const (
	interrupt action = iota + 1
	terminate
	reopen
	lameDuck
	reload
)

// runServer runs srv until it has stopped: by itself, by ctx, or by a signal. The error is the one that
// Run returned.
func runServer(ctx context.Context, srv server, notify process.Notifier) error {
	caught := actions()
	signals := make(chan os.Signal, 8)
	for s := range caught {
		signal.Notify(signals, s)
	}
	defer signal.Stop(signals)
	signal.Ignore(ignored()...)

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var err error
	tasks := task.New(ctx, nil)
	tasks.Go("server", func(ctx context.Context) { err = srv.Run(ctx) })

	d := &desk{srv: srv, notify: notify, tasks: tasks, stop: stop}
	ready, ended := srv.Ready(), tasks.Idle()
	for {
		select {
		case <-ended:
			return err
		case <-ready:
			ready = nil
			d.told(notify.Ready())
		case s := <-signals:
			srv.Logger().Info(fmt.Sprintf("Trapped %q signal", s))
			if d.do(caught[s]) == abandon {
				return errAbandoned
			}
		}
	}
}

// desk takes the wishes that arrive as signals. One goroutine owns it.
type desk struct {
	srv    server
	notify process.Notifier
	tasks  *task.Group
	stop   context.CancelFunc

	ducking  bool // lame duck mode was asked for
	stopping bool
}

// verdict says whether to go on waiting for the server.
type verdict bool

const (
	wait    verdict = false
	abandon verdict = true
)

var errAbandoned = errors.New("shutdown was not waited for")

// do carries out one wish. A second interrupt gives up waiting for a shutdown that hangs.
func (d *desk) do(a action) verdict {
	switch a {
	case interrupt, terminate:
		if a == terminate && d.ducking {
			return wait // lame duck mode ends by itself, and gently
		}
		if d.stopping {
			return verdict(a == interrupt)
		}
		d.stopping = true
		d.told(d.notify.Stopping())
		d.stop()
	case reopen:
		d.srv.ReopenLogs()
	case lameDuck:
		if !d.ducking {
			d.ducking = true
			d.told(d.notify.Stopping())
			d.tasks.Go("lame duck", func(context.Context) { d.srv.LameDuck() })
		}
	case reload:
		d.tasks.Go("reload", d.reload) // a slow one must not keep a shutdown waiting
	}
	return wait
}

func (d *desk) reload(ctx context.Context) {
	d.told(d.notify.Reloading())
	if err := d.srv.Reload(ctx, "signal"); err != nil {
		d.srv.Logger().Error("Failed to reload server configuration: " + err.Error())
	}
	d.told(d.notify.Ready())
}

// told logs that the service manager could not be told. Service goes on.
func (d *desk) told(err error) {
	if err != nil {
		d.srv.Logger().Warn("The service manager was not told: " + err.Error())
	}
}
