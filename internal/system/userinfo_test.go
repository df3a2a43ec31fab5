package system

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/perm"
)

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
			h := newHouse(t)
			in := listen(t, h.app, "in")
			if n := ask(h.app, &user{tt.grant}, "in"); n != 1 {
				t.Errorf("%d deliveries of the request, want 1", n)
			}
			answer := in.next(t)
			var want map[string]any
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, answer.data); d != "" {
				t.Error(d)
			}
			if s := answer.server; s.ID != ownID || s.Name != "srv" || s.Seq != 1 || time.Since(s.Time) > time.Minute {
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
	h := newHouse(t)
	in := listen(t, h.app, "in")
	who := &user{auth.Grant{User: "u", Account: "APP"}}
	if n := ask(h.app, who, "in", "", "in"); n != 3 {
		t.Errorf("%d deliveries", n)
	}
	in.next(t)
	in.next(t)
	if n := ask(h.app, nil, "in"); n != 0 {
		t.Errorf("%d deliveries", n)
	}
	in.silent(t)
	if n := h.seq.Load(); n != 2 {
		t.Errorf("sequence %d", n)
	}
}

// A reply that leads back to the service must not go round in circles.
func TestUserInfoDoesNotAnswerItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ask(h.app, &user{auth.Grant{Account: "APP"}}, UserInfoSubject)
	if n := h.seq.Load(); n != 1 {
		t.Errorf("%d answers", n)
	}
}

func TestUserInfoForMany(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := listen(t, h.app, "in")
	var all sync.WaitGroup
	const users, requests = 8, 100
	for i := range users {
		all.Go(func() {
			who := &user{auth.Grant{User: fmt.Sprint(i), Account: "APP"}}
			for range requests {
				ask(h.app, who, "in")
			}
		})
	}
	all.Wait()
	seen := map[uint64]bool{}
	for range users * requests {
		seen[in.next(t).server.Seq] = true
	}
	if len(seen) != users*requests {
		t.Errorf("%d different answers, want %d", len(seen), users*requests)
	}
}
