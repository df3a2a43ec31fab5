package system

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"natsd/internal/broker"
	"natsd/internal/header"
)

// request is a copy of one message that a service was sent.
type request struct {
	in      *broker.Account // the system account that it came in
	subject string
	reply   string
	head    []byte // header block; nil without one
	body    []byte
}

func newRequest(in *broker.Account, r *broker.Run, m *broker.Msg) *request {
	q := &request{in: in, subject: string(r.Subject), reply: string(m.Reply)}
	all := bytes.Clone(m.Body)
	if n := m.HeaderLen; n > 0 && n <= len(all) {
		q.head, all = all[:n:n], all[n:]
	}
	q.body = all
	return q
}

func (r *request) size() int { return len(r.subject) + len(r.reply) + len(r.head) + len(r.body) }

// account is the account that the subject names, $SYS.REQ.ACCOUNT.<account>.X.
func (r *request) account() string {
	parts := strings.SplitN(r.subject, ".", 5)
	if len(parts) < 4 {
		return ""
	}
	return parts[3]
}

// encoding is the form in which the requester would like to have its answer.
func (r *request) encoding() encoding {
	if r.head == nil {
		return plain
	}
	return accepted(string(header.Get(r.head, "Accept-Encoding")))
}

// filter says which servers a request is for.
type filter struct {
	Name    string   `json:"server_name"`
	Cluster string   `json:"cluster"`
	Host    string   `json:"host"`
	Exact   bool     `json:"exact_match"`
	Tags    []string `json:"tags"`
	Domain  string   `json:"domain"`
}

// admits tells whether a server is meant.
func (f *filter) admits(info *ServerInfo) bool {
	for _, pair := range [][2]string{{f.Name, info.Name}, {f.Cluster, info.Cluster}, {f.Host, info.Host}} {
		asked, have := pair[0], pair[1]
		if f.Exact && asked != "" && asked != have || !strings.Contains(have, asked) {
			return false
		}
	}
	for _, tag := range f.Tags {
		same := func(have string) bool { return strings.EqualFold(have, strings.TrimSpace(tag)) }
		if !slices.ContainsFunc(info.Tags, same) {
			return false
		}
	}
	return f.Domain == "" || f.Domain == info.Domain
}

// read decodes the options of a request into q. It is false when there is nothing to answer, or when the
// answer has been given: the options are no JSON.
func (s *Services) read(r *request, q any) bool {
	if r.reply == "" {
		return false
	}
	var f filter
	if len(r.body) > 0 {
		err := json.Unmarshal(r.body, &f)
		if err == nil {
			err = json.Unmarshal(r.body, q)
		}
		if err != nil {
			s.reply(r, answer{Error: &failure{http.StatusBadRequest, err.Error()}})
			return false
		}
	}
	info := s.setup.Info()
	return f.admits(&info)
}

// conclude answers with data, or with the error.
func (s *Services) conclude(r *request, data any, err error) {
	out := answer{Data: data}
	if err != nil {
		out.Error = &failure{http.StatusInternalServerError, err.Error()}
	}
	s.reply(r, out)
}

// reply sends an answer in the system account.
func (s *Services) reply(r *request, out answer) {
	out.Server = s.introduce(time.Now())
	body, err := json.Marshal(out)
	if err != nil {
		s.setup.Log.Error("System answer on " + r.subject + ": " + err.Error())
		return
	}
	if out.Error != nil {
		s.respond(r, plain, body)
		return
	}
	s.respond(r, r.encoding(), body)
}

// respond sends the text of an answer, in the account that the request came in: the system account may
// have become another one meanwhile.
func (s *Services) respond(r *request, e encoding, body []byte) {
	if r.reply != "" {
		head, body := e.wrap(body)
		s.publish(r.in, r.reply, "", head, body)
	}
}
