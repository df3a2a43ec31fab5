package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/link/client"
)

// LameDuck takes the server out of service, as [Server.Retire] does, in the times of the configuration.
func (s *Server) LameDuck() {
	o := s.Options()
	_ = s.Retire(context.Background(), o.LameDuckGrace, o.LameDuckDuration, nil, nil) // under way already
}

// ErrRetiring says that the server is being taken out of service already.
var ErrRetiring = errors.New("the server is in lame duck mode already")

// Retire takes the server out of service gently: no new clients, a hint to those that are connected, a
// period of grace, and then one connection after the other, all within duration. It returns when the last
// one is closed or the server stops; Run ends after it.
//
// Until the first client is sent away it can be called off by ctx: then clients are taken again, and the
// error is that of ctx. Moving is asked once before that, and calls it off by false; progress is told how
// many have been sent away. Both may be nil.
func (s *Server) Retire(ctx context.Context, grace, duration time.Duration, moving func() bool, progress func(done, total int)) error {
	if s.ducking.Swap(true) {
		return ErrRetiring
	}
	s.logger.Info("Entering lame duck mode, stop accepting new clients")
	s.Events().Publish(event.LameDuck{Grace: grace, Duration: duration})
	s.services.LameDuck()
	s.accepts.Store(false)
	where := clientEndpoint(s.Options())
	where.port = s.sockets.clients.port()
	s.sockets.clients.shut()
	if s.conns.Len() > 0 {
		s.routes.LameDuck(true)
		s.clients.Broadcast(func(i *client.Info) {
			i.LameDuck = true
			i.ConnectURLs = s.clients.News().Others
		})
		on := s.pause(ctx, grace) && (moving == nil || moving())
		if !on && ctx.Err() != nil && s.tasks.Context().Err() == nil {
			return s.stay(ctx, where)
		}
		if on {
			s.logger.Info("Closing existing clients")
			s.closeSlowly(duration-grace, progress)
		}
	}
	close(s.duck)
	return nil
}

// stay ends lame duck mode before anybody was sent away.
func (s *Server) stay(ctx context.Context, where endpoint) error {
	if err := s.sockets.clients.reopen(where); err != nil {
		s.logger.Error("Lame duck mode was called off, but clients cannot be accepted again: " + err.Error())
		close(s.duck)
		return fmt.Errorf("accept clients again: %w", err)
	}
	s.accepts.Store(true)
	s.ducking.Store(false)
	s.logger.Info("Lame duck mode was called off, accepting clients again")
	s.routes.LameDuck(false)
	s.clients.Broadcast(nil)
	return ctx.Err()
}

// lookPeriod is how often a draining server looks whether everybody has gone.
const lookPeriod = 100 * time.Millisecond

// closeSlowly closes all connections, spread over d.
func (s *Server) closeSlowly(d time.Duration, progress func(done, total int)) {
	all := slices.Collect(s.conns.All())
	step := min(time.Second, d/time.Duration(max(len(all), 1)))
	for i, c := range all {
		c.Close(conn.ServerShutdown)
		if progress != nil {
			progress(i+1, len(all))
		}
		if step > 1 && !s.pause(context.Background(), step/2+rand.N(step/2+1)) {
			return
		}
	}
}

// pause waits for d, or until nobody is connected any more, and reports false when ctx ends or the server
// stops.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	timer, look := time.NewTimer(d), time.NewTicker(lookPeriod)
	defer timer.Stop()
	defer look.Stop()
	for s.conns.Len() > 0 {
		select {
		case <-timer.C:
			return true
		case <-look.C:
		case <-ctx.Done():
			return false
		case <-s.tasks.Context().Done():
			return false
		}
	}
	return true
}
