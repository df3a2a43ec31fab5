package top

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"natsd/internal/ctl/client"
)

// Query is what a sample has to hold.
type Query struct {
	View  View
	Sort  string // a key of connz
	Limit int    // connections
	Subs  bool   // with the subjects of each connection
	CID   uint64 // of the connection whose subscriptions are looked at
	All   bool   // everything, for a recording
}

// Source gives samples.
type Source interface {
	// Sample asks for what the query says. Another goroutine may call it next.
	Sample(ctx context.Context, q Query) (*Sample, error)
	// Kick ends a connection.
	Kick(ctx context.Context, cid uint64) error
}

// Live is a server.
type Live struct {
	Client *client.Client
	// Record, if not nil, gets each sample as a line of JSON.
	Record io.Writer
}

// Sample implements Source.
func (l *Live) Sample(ctx context.Context, q Query) (*Sample, error) {
	q.All = l.Record != nil
	s := &Sample{}
	if err := l.get(ctx, "/varz", nil, &s.Server); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		view View
		get  func(context.Context, Query, *Sample) error
	}{{Connections, l.conns}, {Accounts, l.accounts}, {Routes, l.routes}, {Slow, l.slow}, {Subscriptions, l.subs}} {
		if q.View != part.view && (!q.All || part.view == Subscriptions) {
			continue
		}
		if err := part.get(ctx, q, s); err != nil {
			return nil, err
		}
	}
	if l.Record != nil {
		if err := json.NewEncoder(l.Record).Encode(s); err != nil {
			return nil, fmt.Errorf("write the recording: %w", err)
		}
	}
	return s, nil
}

func (l *Live) get(ctx context.Context, path string, q url.Values, out any) error {
	return l.Client.JSON(ctx, client.Request{Path: path, Query: q, Monitor: true}, out)
}

func (l *Live) conns(ctx context.Context, q Query, s *Sample) error {
	v := url.Values{"sort": {q.Sort}, "limit": {strconv.Itoa(q.Limit)}, "auth": {"1"}}
	if q.Subs {
		v.Set("subs", "1")
	}
	var answer struct {
		Total int    `json:"total"`
		Conns []Conn `json:"connections"`
	}
	err := l.get(ctx, "/connz", v, &answer)
	s.Conns, s.Total = answer.Conns, answer.Total
	return err
}

func (l *Live) accounts(ctx context.Context, _ Query, s *Sample) error {
	var answer struct {
		Accounts []Account `json:"account_statz"`
	}
	err := l.get(ctx, "/accstatz", url.Values{"unused": {"1"}}, &answer)
	s.Accounts = answer.Accounts
	return err
}

func (l *Live) routes(ctx context.Context, _ Query, s *Sample) error {
	var answer struct {
		Routes []Route `json:"routes"`
	}
	err := l.get(ctx, "/routez", nil, &answer)
	s.Routes = answer.Routes
	return err
}

// slow finds who lags now, and who was cut off for it.
func (l *Live) slow(ctx context.Context, q Query, s *Sample) error {
	var open, closed struct {
		Conns []Conn `json:"connections"`
	}
	limit := strconv.Itoa(q.Limit)
	if err := l.get(ctx, "/connz", url.Values{"sort": {"pending"}, "limit": {limit}, "auth": {"1"}}, &open); err != nil {
		return err
	}
	for _, c := range open.Conns {
		if c.Pending > 0 || c.Stalls > 0 {
			s.Slow = append(s.Slow, c)
		}
	}
	if err := l.get(ctx, "/connz", url.Values{"state": {"closed"}, "sort": {"stop"}, "limit": {limit}, "auth": {"1"}}, &closed); err != nil {
		return err
	}
	for _, c := range closed.Conns {
		if strings.HasPrefix(c.Reason, "Slow Consumer") {
			s.Slow = append(s.Slow, c)
		}
	}
	return nil
}

func (l *Live) subs(ctx context.Context, q Query, s *Sample) error {
	var answer struct {
		Conns []Conn `json:"connections"`
	}
	err := l.get(ctx, "/connz", url.Values{"cid": {strconv.FormatUint(q.CID, 10)}, "subs": {"detail"}, "auth": {"1"}}, &answer)
	s.Conns = answer.Conns
	if len(answer.Conns) > 0 {
		s.Subs = answer.Conns[0].Detail
	}
	return err
}

// Kick implements Source.
func (l *Live) Kick(ctx context.Context, cid uint64) error {
	_, err := l.Client.Do(ctx, client.Request{
		Method: http.MethodDelete, Path: "/connections/" + strconv.FormatUint(cid, 10), Query: url.Values{"reason": {"natsctl top"}},
	})
	return err
}

// ErrReplay says that a recording cannot be changed.
var ErrReplay = errors.New("this is a recording")

// Replay is a recording. It stays at its last sample.
type Replay struct {
	lines *bufio.Scanner
	last  *Sample
}

// maxSample bounds one line of a recording.
const maxSample = 256 << 20

// NewReplay reads a recording.
func NewReplay(r io.Reader) *Replay {
	p := &Replay{lines: bufio.NewScanner(r)}
	p.lines.Buffer(nil, maxSample)
	return p
}

// Sample implements Source: it gives the next sample.
func (p *Replay) Sample(_ context.Context, q Query) (*Sample, error) {
	if p.lines.Scan() {
		s := &Sample{}
		if err := json.Unmarshal(p.lines.Bytes(), s); err != nil {
			return nil, fmt.Errorf("this is no recording of natsctl top: %w", err)
		}
		p.last = s
	}
	switch {
	case p.lines.Err() != nil:
		return nil, fmt.Errorf("read the recording: %w", p.lines.Err())
	case p.last == nil:
		return nil, errors.New("the recording is empty")
	}
	s := *p.last
	if q.View == Subscriptions {
		for i := range s.Conns {
			if s.Conns[i].CID != q.CID {
				continue
			}
			for _, subject := range s.Conns[i].Subs {
				s.Subs = append(s.Subs, Sub{Subject: subject})
			}
		}
	}
	return &s, nil
}

// Kick implements Source.
func (p *Replay) Kick(context.Context, uint64) error { return ErrReplay }
