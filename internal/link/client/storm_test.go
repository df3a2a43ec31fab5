package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"natsd/internal/auth"
	"natsd/internal/conn"
)

// A crowd of clients does everything at once while others kick them, decide anew about their rights
// and look at them. Afterwards nothing of them is left.
func TestStorm(t *testing.T) {
	t.Parallel()
	const conf = `accounts {
		A { users: [{user: a, password: p}, {user: b, password: p, permissions: {publish: ">", subscribe: {deny: "s.1"}, allow_responses: true}}] }
		B { users: [{user: c, password: p}] } }
	no_auth_user: a
	max_connections: 12`
	h := open(t, conf)
	narrow := options(t, conf+"\nmax_payload: 200")
	narrow.Accounts[0].Users[0].Password = "p"
	next, err := auth.New(narrow, nil)
	if err != nil {
		t.Fatal(err)
	}
	settings := []*Settings{h.Settings(), NewSettings(narrow, next, h.Settings().Info)}

	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	for i := range 10 {
		h.tasks.Go("customer", func(context.Context) {
			r := rand.New(rand.NewPCG(7, uint64(i)))
			for ctx.Err() == nil {
				h.customer(ctx, r)
			}
		})
	}
	h.tasks.Go("disturber", func(context.Context) {
		r := rand.New(rand.NewPCG(7, 99))
		for ctx.Err() == nil {
			all := slices.Collect(h.registry.All())
			if len(all) == 0 {
				continue
			}
			c := all[r.IntN(len(all))]
			switch s := c.Session().(*Session); r.IntN(8) {
			case 0:
				c.Close(conn.Kicked)
			case 1:
				h.Apply(settings[r.IntN(2)])
				s.Regrant(ctx)
			case 2:
				s.SendInfo(func(i *Info) { i.LameDuck = true })
			case 3:
				if s.grant.Load() != nil { // before, the timer is not set
					s.tick()
				}
			default:
				_ = c.Status()
				_ = s.Subscriptions(3)
			}
			time.Sleep(100 * time.Microsecond)
		}
	})
	<-ctx.Done()
	h.Stop()
	until(t, "all to leave", func() bool { return h.registry.Len() == 0 && h.tasks.Running() == 1 })
	for _, a := range h.broker.Accounts() {
		if a.Clients() != 0 || a.Index().Len() != 0 {
			t.Errorf("account %s keeps %d clients, %d subscriptions", a.Name, a.Clients(), a.Index().Len())
		}
	}
	if n := h.seats.Load(); n != 0 {
		t.Errorf("%d seats are taken", n)
	}
	if in, out := h.registry.In.Msgs.Load(), h.registry.Out.Msgs.Load(); in < 1000 || out < 1000 {
		t.Errorf("%d messages in, %d out: the test has not shown much", in, out)
	}
}

// customer is one client at its business: it does valid things in any order and reads what comes.
func (h *house) customer(ctx context.Context, r *rand.Rand) {
	c, err := net.Dial("tcp", h.ln.Addr().String())
	if err != nil {
		return
	}
	defer c.Close()
	gone := make(chan struct{})
	h.tasks.Go("reader", func(context.Context) {
		defer close(gone)
		p := make([]byte, 32<<10)
		for {
			if _, err := c.Read(p); err != nil {
				return
			}
		}
	})
	defer func() { _ = c.Close(); <-gone }()
	subject := func() string { return fmt.Sprintf("s.%d", r.IntN(4)) }
	for range 5 + r.IntN(60) {
		text := ""
		for range 1 + r.IntN(20) {
			text += randomOp(r, subject)
		}
		if _, err := c.Write([]byte(text)); err != nil || ctx.Err() != nil {
			return
		}
	}
}

func randomOp(r *rand.Rand, subject func() string) string {
	sid := r.IntN(6)
	switch r.IntN(16) {
	case 0:
		return fmt.Sprintf("CONNECT {\"user\":\"%c\",\"pass\":\"p\",\"verbose\":%v,\"echo\":%v,\"headers\":true,\"no_responders\":%v,\"protocol\":1}\r\n",
			'a'+rune(r.IntN(3)), r.IntN(3) == 0, r.IntN(2) == 0, r.IntN(2) == 0)
	case 1:
		return "PING\r\n"
	case 2, 3:
		return fmt.Sprintf("SUB %s %d\r\n", subject(), sid)
	case 4:
		return fmt.Sprintf("SUB s.* q %d\r\n", sid)
	case 5:
		return fmt.Sprintf("SUB > %d\r\nUNSUB %d %d\r\n", sid, sid, 1+r.IntN(20))
	case 6:
		return fmt.Sprintf("UNSUB %d\r\n", sid)
	case 7:
		return fmt.Sprintf("PUB %s %s 2\r\nhi\r\n", subject(), subject())
	case 8:
		return fmt.Sprintf("PUB %s 1500\r\n%1500d\r\n", subject(), 0)
	default:
		s, text := subject(), ""
		for range 1 + r.IntN(10) {
			text += fmt.Sprintf("PUB %s 100\r\n%100d\r\n", s, sid)
		}
		return text
	}
}
