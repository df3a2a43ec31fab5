package reload

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"natsd/test/harness"
)

const (
	violation = "Authorization Violation"
	failure   = "Authentication Failure"
	gone      = "User Authentication Revoked"
	revoked   = "Credentials Revoked"
)

// TestWhoIsCut: one client for each user, one change, and what each of them sees of it. The others of
// the same server stay, and nobody notices anything but those who are named.
func TestWhoIsCut(t *testing.T) {
	t.Parallel()
	users := func(list ...string) string {
		return "authorization { users: [ " + strings.Join(list, ", ") + " ] }\n"
	}
	a, b, c := "{user: a, password: p}", "{user: b, password: p}", "{user: c, password: p}"
	two := func(inA, inB string) string {
		return "accounts { A { users: [ " + inA + " ] }, B { users: [ " + inB + " ] } }\n"
	}
	const allowed = "allow_auth_removal: true\n"
	type end struct{ text, reason string }
	for name, tt := range map[string]struct {
		old, next string
		logins    []string    // fields of CONNECT
		cut       map[int]end // by index
		words     string      // why it is refused; nobody is cut then
	}{
		"user removed":             {old: users(a, b, c), next: users(b, c), logins: []string{user("a", "p"), user("b", "p"), user("c", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"user added":               {old: users(a), next: users(a, b), logins: []string{user("a", "p")}},
		"password changed":         {old: users(a, b), next: users("{user: a, password: q}", b), logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {violation, failure}}},
		"user moved":               {old: two(a, b), next: two("", a+", "+b), logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"account removed":          {old: two(a, b), next: "accounts { B { users: [ " + b + " ] } }\n", logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"accounts renamed":         {old: two(a, b), next: "accounts { C { users: [ " + a + " ] }, B { users: [ " + b + " ] } }\n", logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"single password changed":  {old: "authorization { user: a, password: p }", next: "authorization { user: a, password: q }", logins: []string{user("a", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"single user changed":      {old: "authorization { user: a, password: p }", next: "authorization { user: b, password: p }", logins: []string{user("a", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"beside the single user":   {old: "authorization { user: a, password: p }", next: "authorization { user: a, password: p, timeout: 7 }\nmax_payload: 100KB", logins: []string{user("a", "p")}},
		"accounts for single user": {old: "authorization { user: a, password: p }", next: two(a, b), logins: []string{user("a", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"token changed":            {old: "authorization { token: p }", next: "authorization { token: q }", logins: []string{`"auth_token":"p"`}, cut: map[int]end{0: {violation, failure}}},
		"token to user":            {old: "authorization { token: p }", next: users(a), logins: []string{`"auth_token":"p"`}, cut: map[int]end{0: {violation, failure}}},
		"authentication added":     {old: "", next: users(a), logins: []string{`"name":"x"`, user("a", "p"), user("a", "wrong")}, cut: map[int]end{0: {violation, failure}, 2: {violation, failure}}},
		"authentication removed":   {old: users(a, b), next: "", logins: []string{user("a", "p"), user("b", "p")}, words: "this would take away all authentication"},
		"token removed":            {old: "authorization { token: p }", next: "", logins: []string{`"auth_token":"p"`}, words: "this would take away all authentication"},
		"accounts removed":         {old: two(a, b), next: "", logins: []string{user("a", "p"), user("b", "p")}, words: "this would take away all accounts"},
		"removal allowed":          {old: allowed + users(a, b), next: "", logins: []string{user("a", "p"), user("b", "p")}},
		"removal not yet allowed":  {old: users(a), next: allowed, logins: []string{user("a", "p")}, words: "this would take away all authentication"},
		"accounts removal allowed": {old: allowed + two(a, b), next: "", logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {gone, revoked}, 1: {gone, revoked}}},
		"connection type":          {old: users(a, b), next: users("{user: a, password: p, allowed_connection_types: [WEBSOCKET]}", b), logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {violation, failure}}},
		"proxy required":           {old: users(a, b), next: users("{user: a, password: p, proxy_required: true}", b), logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {violation, "Proxy Required"}}},
		"proxy required of all":    {old: "authorization { user: a, password: p }", next: "authorization { user: a, password: p, proxy_required: true }", logins: []string{user("a", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"no_auth_user added":       {old: users(a, b), next: users(a, b) + "no_auth_user: a", logins: []string{user("a", "p"), user("b", "p")}},
		"no_auth_user removed":     {old: users(a, b) + "no_auth_user: a", next: users(a, b), logins: []string{`"name":"x"`, user("a", "p"), user("b", "p")}, cut: map[int]end{0: {violation, failure}}},
		"no_auth_user changed":     {old: users(a, b) + "no_auth_user: a", next: users(a, b) + "no_auth_user: b", logins: []string{`"name":"x"`, user("a", "p")}},
		"no_auth_user moved":       {old: two(a, b) + "no_auth_user: a", next: two(a, b) + "no_auth_user: b", logins: []string{`"name":"x"`, user("a", "p"), user("b", "p")}, cut: map[int]end{0: {gone, revoked}}},
		"system account":           {old: two(a, b), next: two(a, b) + "system_account: A", logins: []string{user("a", "p"), user("b", "p")}},
		"system account moves":     {old: two(a, b) + "system_account: A", next: two(a, b) + "system_account: B", logins: []string{user("a", "p"), user("b", "p")}},
		"no system account":        {old: two(a, b), next: two(a, b) + "no_system_account: true", logins: []string{user("a", "p"), user("b", "p")}},
		"account limit":            {old: two(a, b), next: "accounts { A { users: [ " + a + " ], limits { max_conn: 1 } }, B { users: [ " + b + " ] } }\n", logins: []string{user("a", "p"), user("a", "p"), user("b", "p")}, cut: map[int]end{1: {"maximum account active connections exceeded", "Maximum Account Connections Exceeded"}}},
		"account subscriptions":    {old: two(a, b), next: "accounts { A { users: [ " + a + " ], limits { max_subs: 0 } }, B { users: [ " + b + " ] } }\n", logins: []string{user("a", "p"), user("b", "p")}, cut: map[int]end{0: {"maximum subscriptions exceeded", "Maximum Subscriptions Exceeded"}}},
		"server limit":             {old: users(a, b), next: users(a, b) + "max_connections: 2", logins: []string{user("a", "p"), user("b", "p"), user("b", "p")}, cut: map[int]end{2: {"maximum connections exceeded", "Maximum Connections Exceeded"}}},
		"nobody may connect":       {old: users(a, b), next: users(a, b) + "max_connections: -1", logins: []string{user("a", "p")}, cut: map[int]end{0: {"maximum connections exceeded", "Maximum Connections Exceeded"}}},
		"server subscriptions":     {old: "", next: "max_subscriptions: 1", logins: []string{`"name":"x"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tt.old)
			var conns []*harness.Conn
			var ids []uint64
			for i, login := range tt.logins {
				conn, id := s.enter(login)
				conn.MustSend(t, fmt.Sprintf("SUB own.%d 1\r\n", i))
				served(t, conn)
				conns, ids = append(conns, conn), append(ids, id)
			}
			if tt.words != "" {
				s.refuses(tt.next, tt.words)
			} else {
				s.reload(tt.next)
			}
			for i, conn := range conns {
				if e, cut := tt.cut[i]; cut {
					s.cut(conn, ids[i], e.text, e.reason)
					continue
				}
				served(t, conn)
				conn.MustSend(t, fmt.Sprintf("PUB own.%d 1\r\nx\r\n", i))
				if m := conn.Expect(t, "MSG"); string(m.Body) != "x" {
					t.Errorf("%s got %q", tt.logins[i], m.Body)
				}
			}
			log := s.log()
			if n := strings.Count(log, "Reload: closed connection cid:"); n != len(tt.cut) {
				t.Errorf("the log names %d connections, %d were cut", n, len(tt.cut))
			}
			for i := range tt.cut {
				if want := fmt.Sprintf("Reload: closed connection cid:%d: %s", ids[i], tt.cut[i].reason); !strings.Contains(log, want) {
					t.Errorf("the log does not say %q", want)
				}
			}
		})
	}
}

// TestLoginsFollow: what holds for new clients after a change.
func TestLoginsFollow(t *testing.T) {
	t.Parallel()
	s := start(t, "authorization { users: [ {user: a, password: p}, {user: b, password: p} ] }")
	s.reload("authorization { users: [ {user: a, password: q}, {user: c, password: p} ] }")
	s.enter(user("a", "q"))
	s.enter(user("c", "p"))
	s.refusedLogin(user("a", "p"))
	s.refusedLogin(user("b", "p"))
	s.refusedLogin(`"name":"x"`)
	s.reload("authorization { users: [ {user: a, password: q}, {user: c, password: p} ] }\nno_auth_user: c")
	s.enter("")
	if required := s.info()["auth_required"]; required != nil {
		t.Errorf("auth_required is %v with no_auth_user", required)
	}
	s.reload("accounts { A { users: [ {user: a, password: q} ] } }")
	s.refusedLogin(`"name":"x"`)
	if required := s.info()["auth_required"]; required != true {
		t.Errorf("auth_required is %v", required)
	}
}

// TestPermissionsChange: narrowed rights take subscriptions away, widened ones count at once, and the
// connection stays.
func TestPermissionsChange(t *testing.T) {
	t.Parallel()
	conf := func(permissions string) string {
		return "authorization { users: [ {user: a, password: p, permissions: {" + permissions + "}}, {user: b, password: p} ] }\n"
	}
	s := start(t, conf(`publish: ">", subscribe: ">"`))
	a, _ := s.enter(user("a", "p"))
	b, _ := s.enter(user("b", "p"))
	a.MustSend(t, "SUB x 1\r\nSUB y.* 2\r\nSUB z q 3\r\nSUB w.> 4\r\n")
	served(t, a)
	s.reload(conf(`publish: {deny: no.>}, subscribe: {allow: [x, w.>], deny: w.secret}`))
	lost := map[string]bool{}
	for range 2 {
		lost[a.Expect(t, "-ERR").Line] = true
	}
	for _, want := range []string{
		`-ERR 'Permissions Violation for Subscription to "y.*" (sid "2")'`,
		`-ERR 'Permissions Violation for Subscription to "z" using queue "q" (sid "3")'`,
	} {
		if !lost[want] {
			t.Errorf("not told %s, but %v", want, lost)
		}
	}
	b.MustSend(t, "PUB y.1 1\r\n1\r\nPUB z 1\r\n2\r\nPUB w.secret 1\r\n3\r\nPUB w.public 1\r\n4\r\nPUB x 1\r\n5\r\n")
	for _, want := range []string{"4", "5"} {
		if m := a.Expect(t, "MSG"); string(m.Body) != want {
			t.Errorf("got %q on %s, want %s", m.Body, m.Args[0], want)
		}
	}
	a.MustSend(t, "PUB no.1 1\r\nx\r\nSUB y.1 5\r\n")
	for _, want := range []string{`Publish to "no.1"`, `Subscription to "y.1"`} {
		if e := a.Expect(t, "-ERR"); !strings.Contains(e.Line, want) {
			t.Errorf("got %s, want %s", e.Line, want)
		}
	}
	s.reload(conf(`publish: ">", subscribe: ">"`))
	a.MustSend(t, "SUB y.1 5\r\nSUB no.* 6\r\n")
	served(t, a)
	b.MustSend(t, "PUB y.1 1\r\n6\r\nPUB z 1\r\n7\r\nPUB w.secret 1\r\n8\r\n")
	for _, want := range []string{"6", "8"} { // what was taken away does not come back by itself
		if m := a.Expect(t, "MSG"); string(m.Body) != want {
			t.Errorf("got %q on %s, want %s", m.Body, m.Args[0], want)
		}
	}
	a.MustSend(t, "PUB no.1 1\r\n9\r\n")
	if m := a.Expect(t, "MSG"); string(m.Body) != "9" {
		t.Errorf("got %q", m.Body)
	}
	if strings.Count(s.log(), "lost 2 subscriptions") != 1 {
		t.Error("the log does not say that subscriptions were lost")
	}
}

// TestResponsesFollow: allow_responses begins and ends with a reload.
func TestResponsesFollow(t *testing.T) {
	t.Parallel()
	conf := func(more string) string {
		return `authorization { users: [ {user: a, password: p, permissions: {publish: none, subscribe: ">"` + more + `}}, {user: b, password: p} ] }`
	}
	s := start(t, conf(""))
	a, _ := s.enter(user("a", "p"))
	b, _ := s.enter(user("b", "p"))
	a.MustSend(t, "SUB service 1\r\n")
	b.MustSend(t, "SUB reply.* 1\r\n")
	served(t, a)
	served(t, b)
	ask := func(reply string, answered bool) {
		t.Helper()
		b.MustSend(t, "PUB service reply."+reply+" 1\r\n?\r\n")
		a.Expect(t, "MSG")
		a.MustSend(t, "PUB reply."+reply+" 1\r\n!\r\n")
		if answered {
			served(t, a)
			b.Expect(t, "MSG")
		} else {
			a.Expect(t, "-ERR")
		}
	}
	ask("1", false)
	s.reload(conf(", allow_responses: true"))
	ask("2", true)
	s.reload(conf(""))
	ask("3", false)
}

// TestNKeysFollow: a key that stays keeps its connection, one that goes loses it.
func TestNKeysFollow(t *testing.T) {
	t.Parallel()
	var keys []nkeys.KeyPair
	var names []string
	for range 2 {
		kp, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		pub, err := kp.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		keys, names = append(keys, kp), append(names, pub)
	}
	s := start(t, fmt.Sprintf("authorization { users: [ {nkey: %s}, {nkey: %s} ] }", names[0], names[1]))
	var conns []*harness.Conn
	var ids []uint64
	for i, kp := range keys {
		c := harness.Dial(t, s.Addr)
		info := c.ExpectInfo(t)
		sig, err := kp.Sign([]byte(info.Nonce))
		if err != nil {
			t.Fatal(err)
		}
		hello(t, c, fmt.Sprintf(`"nkey":%q,"sig":%q`, names[i], base64.RawURLEncoding.EncodeToString(sig)))
		conns, ids = append(conns, c), append(ids, info.ID)
	}
	s.reload(fmt.Sprintf("authorization { users: [ {nkey: %s, permissions: {publish: x}} ] }", names[1]))
	s.cut(conns[0], ids[0], gone, revoked)
	served(t, conns[1])
	conns[1].MustSend(t, "PUB y 1\r\ny\r\n")
	conns[1].Expect(t, "-ERR")
	s.reload(fmt.Sprintf("accounts { A { users: [ {nkey: %s} ] } }", names[1]))
	s.cut(conns[1], ids[1], gone, revoked)
}

// TestUsersOfFiles: passwords in files are read again.
func TestPasswordFiles(t *testing.T) {
	t.Parallel()
	sc := harness.NewScope(t)
	file := sc.Dir() + "/password"
	put(t, file, "one\n")
	conf := "authorization { users: [ {user: a, password_file: '" + file + "'}, {user: b, password: p} ] }"
	s := start(t, conf)
	a, id := s.enter(user("a", "one"))
	b, _ := s.enter(user("b", "p"))
	s.reload(conf)
	served(t, a)
	put(t, file, "two\n")
	if err := s.hangup(); err != nil {
		t.Fatal(err)
	}
	s.cut(a, id, violation, failure)
	served(t, b)
	s.enter(user("a", "two"))
}

// TestAccountsKeepApart: a user who moves takes nothing along, and accounts that go are forgotten.
func TestAccountsKeepApart(t *testing.T) {
	t.Parallel()
	s := start(t, "accounts { A { users: [ {user: a, password: p} ] }, B { users: [ {user: b, password: p} ] } }")
	a, _ := s.enter(user("a", "p"))
	b, _ := s.enter(user("b", "p"))
	a.MustSend(t, "SUB > 1\r\n")
	b.MustSend(t, "SUB > 1\r\n")
	served(t, a)
	served(t, b)
	s.reload("accounts { B { users: [ {user: a, password: p}, {user: b, password: p} ] } }")
	a.ExpectEOF(t, patience)
	var z struct {
		Accounts []string `json:"accounts"`
	}
	if !harness.Eventually(patience, func() bool {
		if err := s.GetJSON("/accountz", &z); err != nil {
			t.Fatal(err)
		}
		return len(z.Accounts) == 3
	}) {
		t.Errorf("accounts %v, want $G, $SYS and B", z.Accounts)
	}
	a, _ = s.enter(user("a", "p"))
	a.MustSend(t, "PUB x 1\r\nx\r\n")
	b.Expect(t, "MSG")
	s.reload("accounts { A { users: [ {user: a, password: p} ] }, B { users: [ {user: b, password: p} ] } }")
	a.ExpectEOF(t, patience)
	a, _ = s.enter(user("a", "p"))
	a.MustSend(t, "SUB > 1\r\nPUB y 1\r\ny\r\n")
	a.Expect(t, "MSG")
	served(t, b)
}
