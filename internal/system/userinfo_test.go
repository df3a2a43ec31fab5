package system

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/perm"
)

// inbox is a subscriber that keeps what it gets.
type inbox struct {
	mu   sync.Mutex
	msgs []string
}

func (in *inbox) Deliver(_ *broker.Batch, _ *broker.Sub, r *broker.Run) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, m := range r.Msgs {
		if len(m.Reply) > 0 || m.HeaderLen >= 0 || string(m.SizeTok) != strconv.Itoa(len(m.Body)) {
			in.msgs = append(in.msgs, fmt.Sprintf("malformed: %+v", m))
		}
		in.msgs = append(in.msgs, string(m.Body))
	}
	return len(r.Msgs)
}

// user is a publisher that has been let in.
type user struct{ grant auth.Grant }

func (u *user) Grant() *auth.Grant { return &u.grant }

// ask publishes requests with these replies in account a and returns how many deliveries there were.
func ask(a *broker.Account, who any, replies ...string) int {
	b := broker.Begin()
	defer b.End(0)
	for i, reply := range replies {
		b.Msgs[i] = broker.Msg{Reply: []byte(reply), HeaderLen: -1, SizeTok: []byte("0")}
	}
	from := &broker.Origin{Kind: broker.Client, Info: who}
	return a.Publish(b, &broker.Run{Subject: []byte(UserInfoSubject), From: from, Msgs: b.Msgs[:len(replies)]})
}

// account returns one with the services in it, and what is subscribed to "in".
func account(s *Services, name string) (*broker.Account, *inbox) {
	a, in := broker.New().Open(name), new(inbox)
	s.ServeUserInfo(a)
	a.Subscribe(nil, &broker.Sub{Subject: "in", SID: "1", Sink: in})
	return a, in
}

func newServices() *Services {
	return New(func() ServerInfo { return ServerInfo{Name: "srv", ID: "N1", FeatureFlags: map[string]bool{}} })
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	set, err := perm.Compile(&perm.Rules{
		Publish:   &perm.SubjectRules{Allow: []string{"a.>"}, Deny: []string{"a.no"}},
		Subscribe: &perm.SubjectRules{Deny: []string{"b q"}},
		Responses: &perm.Responses{Max: 3, Expires: time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		grant auth.Grant
		want  string
	}{
		{"nobody in particular", auth.Grant{Account: "$G"}, `{"user":"","account":"$G","account_name":"$G"}`},
		{
			"with permissions",
			auth.Grant{User: "u", Account: "A", Perms: set},
			`{"user":"u","account":"A","account_name":"A","permissions":{"publish":{"allow":["a.>"],"deny":["a.no"]},` +
				`"subscribe":{"deny":["b q"]},"responses":{"max":3,"ttl":60000000000}}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, in := account(newServices(), tt.grant.Account)
			if n := ask(a, &user{tt.grant}, "in"); n != 1 {
				t.Errorf("%d deliveries of the request, want 1", n)
			}
			var answer struct {
				Server ServerInfo
				Data   any
			}
			if len(in.msgs) != 1 || json.Unmarshal([]byte(in.msgs[0]), &answer) != nil {
				t.Fatalf("answers: %q", in.msgs)
			}
			var want any
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, answer.Data); d != "" {
				t.Error(d)
			}
			if s := answer.Server; s.ID != "N1" || s.Name != "srv" || s.Seq != 1 || time.Since(s.Time) > time.Minute {
				t.Errorf("server: %+v", s)
			}
		})
	}
}

func TestUserInfoTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := describe(&auth.Grant{Expires: now.Add(time.Minute)}, now)
	if d.Expires != int64(time.Minute) {
		t.Errorf("%v left", time.Duration(d.Expires))
	}
}

// Each request of a run is answered on its own, those that want no answer are taken in silence, and
// who is not a client gets none.
func TestUserInfoAnswersEachRequest(t *testing.T) {
	t.Parallel()
	s := newServices()
	a, in := account(s, "A")
	who := &user{auth.Grant{User: "u", Account: "A"}}
	if n := ask(a, who, "in", "", "in"); n != 3 || len(in.msgs) != 2 {
		t.Errorf("%d deliveries, answers %q", n, in.msgs)
	}
	if n := ask(a, nil, "in"); n != 0 || len(in.msgs) != 2 {
		t.Errorf("%d deliveries, answers %q", n, in.msgs)
	}
	if n := s.seq.Load(); n != 2 {
		t.Errorf("sequence %d", n)
	}
}

// A reply that leads back to the service must not go round in circles.
func TestUserInfoDoesNotAnswerItself(t *testing.T) {
	t.Parallel()
	a, in := account(newServices(), "A")
	ask(a, &user{auth.Grant{Account: "A"}}, UserInfoSubject)
	if len(in.msgs) != 0 {
		t.Errorf("answers: %q", in.msgs)
	}
}

func TestUserInfoForMany(t *testing.T) {
	t.Parallel()
	s := newServices()
	a, in := account(s, "A")
	var all sync.WaitGroup
	const users, requests = 8, 100
	for i := range users {
		all.Go(func() {
			who := &user{auth.Grant{User: fmt.Sprint(i), Account: "A"}}
			for range requests {
				ask(a, who, "in")
			}
		})
	}
	all.Wait()
	slices.Sort(in.msgs)
	if n := len(slices.Compact(in.msgs)); n != users*requests {
		t.Errorf("%d different answers, want %d", n, users*requests)
	}
}
