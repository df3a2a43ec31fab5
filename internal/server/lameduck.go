package server

import (
	"math/rand/v2"
	"time"

	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/link/client"
)

// LameDuck takes the server out of service gently: no new clients, a hint to those that are
// connected, a period of grace, and then one connection after the other. It returns when the last one
// is closed or the server stops; Run ends after it. Only the first call has an effect.
func (s *Server) LameDuck() {
	if s.ducking.Swap(true) {
		return
	}
	defer close(s.duck)
	o := s.Options()
	s.logger.Info("Entering lame duck mode, stop accepting new clients")
	s.Events().Publish(event.LameDuck{Grace: o.LameDuckGrace, Duration: o.LameDuckDuration})
	s.services.LameDuck()
	s.accepts.Store(false)
	s.sockets.clients.shut()
	if s.conns.Len() == 0 {
		return
	}
	s.routes.LameDuck()
	s.clients.Broadcast(func(i *client.Info) {
		i.LameDuck = true
		i.ConnectURLs = s.clients.News().Others
	})
	if !s.pause(o.LameDuckGrace) {
		return
	}
	s.logger.Info("Closing existing clients")
	s.closeSlowly(o.LameDuckDuration - o.LameDuckGrace)
}

// lookPeriod is how often a draining server looks whether everybody has gone.
const lookPeriod = 100 * time.Millisecond

// closeSlowly closes all connections, spread over d.
func (s *Server) closeSlowly(d time.Duration) {
	all := s.conns.Append(nil)
	step := min(time.Second, d/time.Duration(max(len(all), 1)))
	for _, c := range all {
		c.Close(conn.ServerShutdown)
		if step > 1 && !s.pause(step/2+rand.N(step/2+1)) {
			return
		}
	}
}

// pause waits for d, or until nobody is connected any more, and reports false when the server stops.
func (s *Server) pause(d time.Duration) bool {
	timer, look := time.NewTimer(d), time.NewTicker(lookPeriod)
	defer timer.Stop()
	defer look.Stop()
	for s.conns.Len() > 0 {
		select {
		case <-timer.C:
			return true
		case <-look.C:
		case <-s.tasks.Context().Done():
			return false
		}
	}
	return true
}
