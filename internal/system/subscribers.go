package system

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"natsd/internal/broker"
	"natsd/internal/interest"
	"natsd/internal/nuid"
	"natsd/internal/subject"
)

// matches is what a subject matches in an account.
type matches = interest.Result[*broker.Sub]

// subsPage is how many subscriptions are looked at in one go.
const subsPage = 1024

// subscribers counts the clients' subscriptions of an account on this server that a filter concerns, or
// of a queue group among them: those that get a literal subject, those that lie within a wildcard.
func subscribers(a *broker.Account, filter, queue string) int {
	n := 0
	count := func(sub *broker.Sub) {
		if sub.Kind == broker.Client && (queue == "" || sub.Queue == queue) {
			n++
		}
	}
	if subject.ValidLiteral(filter) {
		var found matches
		a.Index().Match([]byte(filter), &found)
		for _, sub := range found.Plain {
			count(sub)
		}
		for i := range found.Groups {
			for _, sub := range found.Groups[i].Members {
				count(sub)
			}
		}
		return n
	}
	for cursor, more := 0, true; more; more = cursor != 0 {
		cursor = a.Index().Walk(cursor, subsPage, func(have, _ string, sub *broker.Sub) {
			if subject.Covers(filter, have) {
				count(sub)
			}
		})
	}
	return n
}

// numSubsRequest asks a server for its part of the number of subscribers.
type numSubsRequest struct {
	Account string `json:"acc"`
	Subject string `json:"subject"`
	Queue   []byte `json:"queue,omitempty"`
}

// serveNumSubs answers another server with a bare number.
func (s *Services) serveNumSubs(_ context.Context, r *request) {
	var q numSubsRequest
	if json.Unmarshal(r.body, &q) != nil || !subject.Valid(q.Subject) {
		return
	}
	n := 0
	if a := s.setup.Broker.Account(q.Account); a != nil {
		n = subscribers(a, q.Subject, string(q.Queue))
	}
	s.respond(r, plain, strconv.AppendInt(nil, int64(n), 10))
}

// countPeriod is how long the answers of other servers are waited for.
const countPeriod = 500 * time.Millisecond

// countSubscribers tells how many subscriptions of the requester's account in the whole cluster concern a
// subject, or a queue group on it.
func countSubscribers(_ context.Context, s *Services, r *request) {
	words := strings.Fields(string(r.body))
	sys := s.system.Load()
	if sys == nil || r.reply == "" || len(words) == 0 || len(words) > 2 || !subject.Valid(words[0]) {
		return
	}
	q := numSubsRequest{Account: sys.Name, Subject: words[0]}
	if len(words) == 2 {
		q.Queue = []byte(words[1])
	}
	n := subscribers(sys, q.Subject, string(q.Queue))
	others := s.others.count()
	if others == 0 {
		s.respond(r, plain, strconv.AppendInt(nil, int64(n), 10))
		return
	}
	body, err := json.Marshal(q)
	box := s.inboxes.start(others)
	if err != nil || box == nil {
		return
	}
	s.publish(sys, "$SYS.REQ.ACCOUNT.NSUBS", box.subject, nil, body)
	s.setup.Tasks.Go("count subscribers", func(ctx context.Context) {
		n += s.inboxes.collect(ctx, box)
		s.respond(r, plain, strconv.AppendInt(nil, int64(n), 10))
	})
}

// maxInboxes is how many questions to other servers may be open.
const maxInboxes = 256

// inboxes take the answers to what this server asks others.
type inboxes struct {
	prefix string // of their subjects; immutable

	mu   sync.Mutex // a leaf
	open map[string]*inbox
}

// inbox takes numbers.
type inbox struct {
	subject string
	want    int
	answers chan int
}

// start opens an inbox for so many answers. It is nil when too many are open.
func (x *inboxes) start(want int) *inbox {
	box := &inbox{subject: x.prefix + nuid.Token(relayToken), want: want, answers: make(chan int, want)}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.open) >= maxInboxes {
		return nil
	}
	if x.open == nil {
		x.open = make(map[string]*inbox)
	}
	x.open[box.subject] = box
	return box
}

// take takes an answer; one too many is lost.
func (x *inboxes) take(_ context.Context, r *request) {
	x.mu.Lock()
	box := x.open[r.subject]
	x.mu.Unlock()
	n, err := strconv.Atoi(string(r.body))
	if box == nil || err != nil || n < 0 {
		return
	}
	select {
	case box.answers <- n:
	default:
	}
}

// collect adds up the answers that come in time, and closes the inbox.
func (x *inboxes) collect(ctx context.Context, box *inbox) (sum int) {
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.open, box.subject)
	}()
	over := time.NewTimer(countPeriod)
	defer over.Stop()
	for range box.want {
		select {
		case n := <-box.answers:
			sum += n
		case <-over.C:
			return sum
		case <-ctx.Done():
			return sum
		}
	}
	return sum
}
