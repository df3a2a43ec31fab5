package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"natsd/internal/admin/api"
)

const (
	heartbeat     = 15 * time.Second
	recheckPeriod = 5 * time.Second // of the rights of who reads
	streamPatient = time.Minute     // with a client that does not read
	streamFlush   = 32 << 10        // bytes that are written at once
)

// stream is an answer that goes on until its reader leaves, may not read any more, or the listener ends.
// It belongs to the goroutine of its request.
type stream struct {
	c    *call
	ctl  *http.ResponseController
	done context.Context // ends with the request and with the listener
	stop func()
	sse  bool
	buf  bytes.Buffer
}

type listenerKey struct{}

// withListener notes when the listener ends that a request has come by.
func withListener(ctx, listener context.Context) context.Context {
	return context.WithValue(ctx, listenerKey{}, listener)
}

// openStream begins a stream in the form that the client accepts: SSE, or JSON lines.
func (c *call) openStream() (*stream, error) {
	media := streamMedia(c.r.Header.Values("Accept"))
	if media == "" {
		return nil, api.Problemf(api.NotAcceptable, "this is a stream of %s or %s", api.EventStreamType, api.NDJSONType)
	}
	left, err := c.api.limits.follow()
	if err != nil {
		return nil, err
	}
	s := &stream{c: c, ctl: http.NewResponseController(c.w), sse: media == api.EventStreamType}
	ctx, cancel := context.WithCancel(c.r.Context())
	s.done = ctx
	forget := func() bool { return true }
	if listener, ok := c.r.Context().Value(listenerKey{}).(context.Context); ok {
		forget = context.AfterFunc(listener, func() {
			_ = s.ctl.SetWriteDeadline(time.Now()) // nobody waits for a client that does not read
			cancel()
		})
	}
	s.stop = func() { forget(); cancel(); left() }
	c.w.Header().Set("Content-Type", media)
	c.w.Header().Set("X-Accel-Buffering", "no") // a proxy hands on each event at once
	c.w.WriteHeader(http.StatusOK)
	if s.sse {
		s.buf.WriteString(": natsd\n\n")
	}
	return s, s.flush()
}

// streamMedia chooses the form of a stream; empty when the client takes none.
func streamMedia(accept []string) string {
	all := strings.Join(accept, ",")
	switch {
	case strings.Contains(all, api.NDJSONType):
		return api.NDJSONType
	case all == "", strings.Contains(all, api.EventStreamType), strings.Contains(all, "*/*"), strings.Contains(all, "text/*"):
		return api.EventStreamType
	default:
		return ""
	}
}

// send adds one event. Id is empty for those that nobody can go on from.
func (s *stream) send(id, kind string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", kind, err)
	}
	if s.sse {
		if id != "" {
			fmt.Fprintf(&s.buf, "id: %s\n", id)
		}
		fmt.Fprintf(&s.buf, "event: %s\ndata: %s\n\n", kind, data)
	} else {
		s.buf.Write(data)
		s.buf.WriteByte('\n')
	}
	if s.buf.Len() < streamFlush {
		return nil
	}
	return s.flush()
}

// note adds what the stream has to say about itself.
func (s *stream) note(kind string, count uint64, reason string) error {
	return s.send("", kind, api.StreamNote{V: 1, Type: kind, Time: time.Now().UTC(), Count: count, Reason: reason})
}

// flush sends what was added.
func (s *stream) flush() error {
	if err := s.done.Err(); err != nil {
		return err
	}
	_ = s.ctl.SetWriteDeadline(time.Now().Add(streamPatient)) // a writer that cannot have one has no sockets to wait for
	_, err := s.c.w.Write(s.buf.Bytes())
	s.buf.Reset()
	if err != nil {
		return err
	}
	return s.ctl.Flush()
}

// run calls take each time when there is something, and keeps the connection busy meanwhile. An error of
// take ends the stream: the client has gone.
func (s *stream) run(ready <-chan struct{}, take func() error) {
	beat, look := time.NewTicker(heartbeat), time.NewTicker(recheckPeriod)
	defer beat.Stop()
	defer look.Stop()
	for {
		var err error
		select {
		case <-s.done.Done():
			return
		case <-ready:
			if err = take(); err == nil {
				err = s.flush()
			}
		case <-look.C:
			err = s.recheck()
		case <-beat.C:
			err = s.beat()
		}
		if err != nil {
			return
		}
	}
}

// recheck ends the stream when its reader has lost his rights, and follows them when they have changed.
func (s *stream) recheck() error {
	who, err := s.c.recheck()
	if err != nil {
		_ = s.note(api.StreamEnd, 0, err.Error()) // it ends in any case
		_ = s.flush()
		return err
	}
	s.c.who = who
	return nil
}

// beat shows that the stream lives.
func (s *stream) beat() error {
	if s.sse {
		s.buf.WriteString(": \n\n")
	} else if err := s.note(api.StreamHeartbeat, 0, ""); err != nil {
		return err
	}
	return s.flush()
}

// recheck asks again whether who makes the request may do so: his token may have expired, or been taken
// away.
func (c *call) recheck() (*identity, error) {
	now := *c
	now.settings = c.api.settings.Load()
	who, err := c.api.gate.identify(&now)
	if err == nil && !c.route.may(who) {
		err = api.Problemf(api.Forbidden, "%s may not do this any more", who)
	}
	return who, err
}

// streamTypes are the forms of a stream.
var streamTypes = []string{api.EventStreamType, api.NDJSONType}
