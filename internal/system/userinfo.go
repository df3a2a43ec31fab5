package system

import (
	"encoding/json"
	"strconv"
	"time"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/perm"
)

// UserInfoSubject is where a client asks who it is.
const UserInfoSubject = "$SYS.REQ.USER.INFO"

// userInfo answers in one account.
type userInfo struct {
	services *Services
	account  *broker.Account
}

// principal is a publisher that has been let in.
type principal interface{ Grant() *auth.Grant }

type userData struct {
	User        string       `json:"user"`
	Account     string       `json:"account"`
	AccountName string       `json:"account_name"`
	Permissions *permissions `json:"permissions,omitempty"`
	Expires     int64        `json:"expires,omitempty"` // nanoseconds left
}

type permissions struct {
	Publish   *subjects  `json:"publish,omitempty"`
	Subscribe *subjects  `json:"subscribe,omitempty"`
	Responses *responses `json:"responses,omitempty"`
}

type subjects struct {
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
}

type responses struct {
	Max int   `json:"max"`
	TTL int64 `json:"ttl"` // nanoseconds
}

// Deliver answers every request that wants an answer.
func (u *userInfo) Deliver(b *broker.Batch, sub *broker.Sub, r *broker.Run) int {
	who, ok := r.From.Info.(principal)
	if !ok || u.services.system.Load() == nil {
		return 0
	}
	sub.Delivered.Add(int64(len(r.Msgs)))
	for i := range r.Msgs {
		if m := &r.Msgs[i]; len(m.Reply) > 0 {
			u.reply(b, m, describe(who.Grant(), b.Now))
		}
	}
	return len(r.Msgs)
}

// reply answers in the batch of the requester.
func (u *userInfo) reply(b *broker.Batch, m *broker.Msg, data userData) {
	body, err := json.Marshal(answer{Server: u.services.introduce(b.Now), Data: data})
	if err != nil {
		return // unreachable: it is plain data
	}
	msg := []broker.Msg{{Body: body, HeaderLen: -1, SizeTok: strconv.AppendInt(nil, int64(len(body)), 10)}}
	u.account.Publish(b, &broker.Run{Subject: m.Reply, From: &origin, Msgs: msg})
}

func describe(g *auth.Grant, now time.Time) userData {
	d := userData{User: g.User, Account: g.Account, AccountName: g.Account}
	if !g.Expires.IsZero() {
		d.Expires = int64(g.Expires.Sub(now))
	}
	rules := g.Perms.Rules()
	if rules == nil {
		return d
	}
	d.Permissions = &permissions{Publish: describeSubjects(rules.Publish), Subscribe: describeSubjects(rules.Subscribe)}
	if r := rules.Responses; r != nil {
		d.Permissions.Responses = &responses{Max: r.Max, TTL: int64(r.Expires)}
	}
	return d
}

func describeSubjects(r *perm.SubjectRules) *subjects {
	if r == nil {
		return nil
	}
	return &subjects{Allow: r.Allow, Deny: r.Deny}
}
