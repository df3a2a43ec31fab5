package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nkeys"
	"pgregory.net/rapid"

	"natsd/internal/auth"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/link/client"
	"natsd/internal/perm"
	"natsd/internal/status"
)

// judge is a test of any kind.
type judge interface {
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A menu is what a random configuration is made of: of each course one dish.
type menu [][]string

// newMenu returns courses that go together in any choice. All listen on addresses of their own, so that
// fixed ports are free.
func newMenu(t *testing.T, nkey string) menu {
	t.Helper()
	pair := strings.ReplaceAll(tlsBlock(t), "\n", ", ")
	cert := regexp.MustCompile(`'([^']*cert\.pem)'`).FindStringSubmatch(pair)[1]
	return menu{
		{"host: <net>.1\nport: -1", "host: <net>.1\nport: 14201", "host: <net>.2\nport: 14201", "host: <net>.2\nport: 14202", "host: <net>.1\nport: 14202"},
		{"", "http: '<net>.1:-1'", "http: '<net>.1:14301'", "http: '<net>.2:14301'", "http: '<net>.1:14301'\nhttp_base_path: /deep", "http: '<net>.1:14302'\nhttp_base_path: deep"},
		{"", "prof_port: -1", "prof_port: 14401"},
		{"", "server_name: one", "server_name: two"},
		{"", "server_tags: [a, b]", "server_tags: c", "server_metadata { m: 1x }", "feature_flags { js_ack_fc_v2: true }"},
		{"", "client_advertise: '1.2.3.4'", "client_advertise: '1.2.3.4:5'"},
		{"", "max_payload: 2KB", "max_payload: 1KB\nmax_pending: 1MB", "max_pending: 8MB", "max_control_line: 2KB"},
		{"", "max_connections: 100", "max_connections: 200", "max_subscriptions: 50", "max_sub_tokens: 4"},
		{"", "ping_interval: 5s\nping_max: 7", "write_deadline: 3s", "write_timeout: retry", "no_fast_producer_stall: true", "max_closed_clients: 3", "max_traced_msg_len: 5"},
		{"", "lame_duck_duration: 60s", "lame_duck_grace_period: 1s", "no_header_support: true", "proxy_protocol: true", "disable_sublist_cache: true", "first_line_timeout: 5s"},
		{"log_file: '<dir>/natsd.log'", "log_file: '<dir>/other.log'", "log_file: '<dir>/natsd.log'\nlog_format: json", "log_file: '<dir>/other.log'\nlogtime: false\ndebug: true", "log_file: '<dir>/natsd.log'\nlog_levels { server: debug }"},
		{"", "pid_file: '<dir>/a.pid'", "pid_file: '<dir>/b.pid'"},
		{"", "ports_file_dir: '<dir>/a'", "ports_file_dir: '<dir>/b'"},
		{"", "watch { quiet: 99ms, mode: partial }", "watch { poll: 7s }"},
		{
			"", "admin { listen: '<net>.1:14801' }", "admin { listen: '<net>.2:14801', probation: 0 }", "admin { listen: '<net>.2:14802', history { keep: 3 } }",
			"admin { history { dir: '<dir>/history', keep: 2 } }",
		},
		{
			"", "tls { " + pair + " }", "tls { " + pair + " }\nallow_non_tls: true",
			"tls { " + pair + " ca_file: '" + cert + "', verify: true }\nallow_non_tls: true", "tls { " + pair + " timeout: 3, handshake_first: true }",
		},
		{
			"", "authorization { user: alice, password: one }", "authorization { user: alice, password: two }", "authorization { token: one }", "authorization { token: two, timeout: 7 }",
			"authorization { users: [ {user: alice, password: one}, {user: bob, password: two} ] }",
			"authorization { users: [ {user: alice, password: one, permissions: {subscribe: {allow: [a, c.>], deny: c.x}}}, {user: bob, password: one} ] }",
			"authorization { users: [ {user: alice, password: two, permissions: {publish: a, subscribe: [b, 'a q']}}, {nkey: " + nkey + "} ] }",
			"authorization { users: [ {user: alice, password: one, allowed_connection_types: [WEBSOCKET]}, {user: bob, password: two} ] }\nno_auth_user: bob",
			"authorization { default_permissions: {publish: x, subscribe: b}, users: [ {user: alice, password: one}, {nkey: " + nkey + ", permissions: {publish: y}} ] }\nno_auth_user: alice",
			"accounts { A { users: [ {user: alice, password: one} ] }, B { users: [ {user: bob, password: two} ] } }",
			"accounts { A { users: [ {user: bob, password: two} ], limits { max_payload: 1KB, max_subs: 60 } }, B { users: [ {user: alice, password: one}, {nkey: " + nkey + "} ] } }\nno_auth_user: bob",
			"accounts { A { users: [ {user: alice, password: one} ], limits { max_conn: 90 } }, S { users: [ {user: bob, password: one} ] } }\nsystem_account: S",
			"accounts { $SYS { users: [ {user: alice, password: one} ], limits { max_payload: 1KB } }, A {} }",
			"accounts { A { default_permissions: { subscribe: b }, users: [ {user: alice, password: one} ] } }\nsystem_account: A",
			"no_system_account: true",
		},
	}
}

// draw chooses one dish of each course. Most are left as they were in base, if there is one, so that
// small changes are tried as often as large ones.
func (m menu) draw(rt *rapid.T, label string, base []int) (text string, chosen []int) {
	var b strings.Builder
	b.WriteString("allow_auth_removal: true\nauth_failure_delay { free: 1000000 }\n")
	for i, course := range m {
		n := 0
		if base != nil {
			n = base[i]
		}
		if base == nil || rapid.IntRange(0, 2).Draw(rt, "touch") == 0 {
			n = rapid.IntRange(0, len(course)-1).Draw(rt, label)
		}
		chosen = append(chosen, n)
		b.WriteString(course[n] + "\n")
	}
	return b.String(), chosen
}

// TestReloadEqualsFreshStart moves a server from one random configuration to another and on, and
// compares what it is then with a server that began with the last one. Clients that were there all the
// time have what they would get if they came now.
func TestReloadEqualsFreshStart(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs addresses of the net 127/8")
	}
	key := must(nkeys.CreateUser())
	m := newMenu(t, must(key.PublicKey()))
	rounds := 1 // of as many pairs as rapid makes
	if os.Getenv("NATSD_SOAK") == "1" {
		rounds = 100
	}
	for range rounds {
		rapid.Check(t, func(rt *rapid.T) { compareWithFresh(rt, t.TempDir(), m, key) })
	}
}

// compareWithFresh is one comparison, in a directory of its own below top.
func compareWithFresh(rt *rapid.T, top string, m menu, key nkeys.KeyPair) {
	newDir := func() string {
		dir := must(os.MkdirTemp(top, ""))
		for _, sub := range []string{"a", "b"} {
			_ = os.Mkdir(filepath.Join(dir, sub), 0o700)
		}
		return dir
	}
	dir := newDir()
	first, chosen := m.draw(rt, "first", nil)
	l, err := begin(dir, first)
	if err != nil {
		rt.Fatalf("start: %v\n%s", err, first)
	}
	defer func() { _ = l.end() }()
	text := first
	for range rapid.IntRange(1, 3).Draw(rt, "reloads") {
		crowd := gather(rt, l, key)
		before := text
		text, chosen = m.draw(rt, "next", chosen)
		report, err := l.try(text)
		if err != nil {
			rt.Fatalf("reload: %v\nfrom\n%s\nto\n%s", err, before, text)
		}
		for _, w := range report.Warnings {
			if w.Component != "" {
				rt.Errorf("warning of %s: %s", w.Component, w.Error())
			}
		}
		if p, e := report.Predicted, report.Effects; p.Dropped != e.Dropped || p.Subs != e.Subs {
			rt.Errorf("predicted were %d ends and %d lost subscriptions, there were %d and %d", p.Dropped, p.Subs, e.Dropped, e.Subs)
		}
		crowd.check(rt, l, report.Effects.Dropped)
		if rt.Failed() {
			rt.Fatalf("from\n%s\nto\n%s", before, text)
		}
	}
	got := portrait(rt, l, key)
	if err := l.end(); err != nil {
		rt.Fatal(err)
	}
	f, err := begin(newDir(), text)
	if err != nil {
		rt.Fatalf("fresh start: %v\n%s", err, text)
	}
	defer func() { _ = f.end() }()
	want := portrait(rt, f, key)
	if err := f.end(); err != nil {
		rt.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("after the reload to\n%s\nthe server differs from a new one (-new +reloaded):\n%s", text, diff)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// picture is what a server is, as far as that may not depend on its past.
type picture struct {
	Info     client.Info
	Conn     conn.Settings
	Logins   map[string]string
	Accounts map[string]config.AccountLimits
	Varz     map[string]any
	Sockets  map[string]string
	Pages    map[string]int
	Watcher  string
	Greeting string
	Files    []string
	Ports    map[string][]string
	Log      []string
}

func portrait(rt judge, l *live, key nkeys.KeyPair) picture {
	set := l.clients.Settings()
	p := picture{
		Info: set.Info, Conn: set.Conn, Logins: logins(set, key), Accounts: map[string]config.AccountLimits{},
		Sockets: map[string]string{}, Pages: map[string]int{},
	}
	p.Info.ServerID, p.Info.XKey = "", ""
	if p.Info.ServerName == l.id {
		p.Info.ServerName = "id"
	}
	if l.Options().Port == -1 {
		if p.Info.Port == 0 {
			rt.Error("INFO without a port")
		}
		p.Info.Port = 0
	}
	for _, a := range l.broker.Accounts() {
		p.Accounts[a.Name] = *a.Limits()
	}
	p.Varz = varz(l)
	for _, s := range []struct {
		*socket
		want endpoint
	}{{&l.sockets.clients, clientEndpoint(l.Options())}, {&l.sockets.monitor, monitorEndpoint(l.Options())}, {&l.sockets.profile, profileEndpoint(l.Options())}, {&l.sockets.admin, adminEndpoint(l.Options())}, {&l.sockets.routes, clusterEndpoint(l.Options())}} {
		if a, ok := s.addr().(*net.TCPAddr); ok {
			p.Sockets[s.name] = a.IP.String()
			if s.want.port != -1 {
				p.Sockets[s.name] = a.String()
			}
		}
	}
	if a := l.MonitorAddr(); a != nil {
		for _, path := range []string{"/varz", "/deep/varz", "/connz", "/nothing"} {
			p.Pages[path], _ = page("http://" + a.String() + path)
		}
	}
	w := l.WatcherState()
	p.Watcher = fmt.Sprintln(w.Enabled, w.Mode, w.Quiet, w.Poll)
	p.Greeting = greeting(rt, l)
	p.Files, p.Ports = files(rt, l)
	p.Log = logLines(rt, l)
	return p
}

// logins asks for every credential what it would be granted.
func logins(set *client.Settings, key nkeys.KeyPair) map[string]string {
	out := map[string]string{}
	for name, r := range proofs(key, []byte("nonce")) {
		g, err := set.Auth.Authenticate(context.Background(), r)
		var refusal *auth.Refusal
		switch {
		case errors.As(err, &refusal):
			out[name] = string(refusal.Reason)
		case err != nil:
			out[name] = err.Error()
		default:
			out[name] = fmt.Sprintf("%s in %s by %s %s", g.User, g.Account, g.ID, rulesText(g.Perms.Rules()))
		}
	}
	return out
}

func rulesText(r *perm.Rules) string {
	text, _ := json.Marshal(r)
	return string(text)
}

// proofs are what clients come with.
func proofs(key nkeys.KeyPair, nonce []byte) map[string]*auth.Request {
	sig := base64.RawURLEncoding.EncodeToString(must(key.Sign(nonce)))
	all := map[string]*auth.Request{
		"nobody":    {},
		"alice one": {User: "alice", Pass: "one"},
		"alice two": {User: "alice", Pass: "two"},
		"bob one":   {User: "bob", Pass: "one"},
		"bob two":   {User: "bob", Pass: "two"},
		"token one": {Token: "one"},
		"token two": {Token: "two"},
		"nkey":      {NKey: must(key.PublicKey()), Sig: sig},
	}
	for _, r := range all {
		r.Type, r.Connected, r.Nonce = auth.Standard, true, nonce
		r.Remote = netip.MustParseAddrPort("127.0.0.1:1")
	}
	return all
}

func varz(l *live) map[string]any {
	var v map[string]any
	if err := json.Unmarshal(must(json.Marshal(l.collector.Varz())), &v); err != nil {
		panic(err)
	}
	if v["server_name"] == l.id {
		v["server_name"] = "id"
	}
	for _, volatile := range []string{
		"server_id", "start", "now", "uptime", "mem", "cpu", "connections", "total_connections", "in_msgs", "in_bytes", "in_client_msgs",
		"in_client_bytes", "out_msgs", "out_bytes", "out_client_msgs", "out_client_bytes", "subscriptions", "http_req_stats", "config_load_time",
		"config_digest", "natsd_log", "gomemlimit",
	} {
		delete(v, volatile)
	}
	if l.Options().Port == -1 {
		delete(v, "port")
	}
	if l.Options().Monitoring.HTTPPort == -1 {
		delete(v, "http_port")
	}
	return v
}

// greeting is what a client gets that comes now: INFO as it stands on the wire, or TLS.
func greeting(rt judge, l *live) string {
	c, err := net.Dial("tcp", l.ClientAddr().String())
	if err != nil {
		rt.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	how := "INFO first "
	if o := l.Options(); o.TLS != nil && o.TLS.HandshakeFirst {
		c, how = tls.Client(c, &tls.Config{InsecureSkipVerify: true}), "TLS first " //nolint:gosec // who answers does not matter here
	} else if o.ProxyProtocol {
		_, _ = io.WriteString(c, "PROXY TCP4 9.9.9.9 127.0.0.1 1 2\r\n")
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	var info map[string]any
	if err != nil || json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info) != nil {
		rt.Fatalf("greeting %q: %v", line, err)
	}
	if info["server_name"] == l.id {
		info["server_name"] = "id"
	}
	for _, own := range []string{"server_id", "client_id", "xkey", "go"} {
		delete(info, own)
	}
	if l.Options().Port == -1 {
		delete(info, "port")
	}
	if info["nonce"] != nil {
		info["nonce"] = "some"
	}
	return how + string(must(json.Marshal(info)))
}

// files lists what lies beside the configuration, and what the ports file says.
func files(rt judge, l *live) (names []string, ports map[string][]string) {
	ports = map[string][]string{}
	o := l.Options()
	for _, sub := range []string{".", "a", "b"} {
		for _, e := range must(os.ReadDir(filepath.Join(l.dir, sub))) {
			name := filepath.Join(sub, e.Name())
			if e.IsDir() || strings.HasSuffix(name, ".log") {
				continue
			}
			if names = append(names, name); strings.HasSuffix(name, ".ports") {
				text := must(os.ReadFile(filepath.Join(l.dir, name)))
				if err := json.Unmarshal(text, &ports); err != nil {
					rt.Fatal(err)
				}
			}
		}
	}
	for kind, urls := range ports {
		for i, u := range urls {
			if free := o.Port == -1 && kind == "nats" || o.Monitoring.HTTPPort == -1 && kind == "monitoring" || o.ProfPort == -1; free {
				urls[i] = u[:strings.LastIndexByte(u, ':')]
			}
		}
	}
	return names, ports
}

// logLines writes a line of each level and returns what came of it where.
func logLines(rt judge, l *live) []string {
	mark := "mark of " + strconv.Itoa(int(time.Now().UnixNano()))
	l.logger.Debug(mark + " debug")
	l.logger.Info(mark + " info")
	var out []string
	found := func() bool {
		out = nil
		for _, name := range []string{"natsd.log", "other.log"} {
			text, _ := os.ReadFile(filepath.Join(l.dir, name))
			for line := range strings.Lines(string(text)) {
				if strings.Contains(line, mark) {
					out = append(out, name+": "+regexp.MustCompile(`\d+`).ReplaceAllString(line, "0"))
				}
			}
		}
		return slices.ContainsFunc(out, func(s string) bool { return strings.Contains(s, "info") })
	}
	for until := time.Now().Add(patience); !found(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			rt.Fatal("nothing is logged")
		}
	}
	return out
}

// crowd is clients that came before a reload.
type crowd []*guest

// guest is one of them.
type guest struct {
	name  string
	cid   uint64
	proof *auth.Request
	subs  []string // "subject" or "subject queue"
	grant *auth.Grant
	sock  net.Conn
}

// gather connects with every credential and subscribes to a number of subjects.
func gather(rt judge, l *live, key nkeys.KeyPair) crowd {
	var out crowd
	for _, name := range slices.Sorted(maps.Keys(proofs(key, []byte("x")))) {
		g, err := arrive(l, name, key)
		if err != nil {
			rt.Fatalf("%s: %v", name, err)
		}
		if g != nil {
			out = append(out, g)
		}
	}
	return out
}

// arrive connects with one credential; nil if the server does not let it in.
func arrive(l *live, name string, key nkeys.KeyPair) (*guest, error) {
	c, err := net.Dial("tcp", l.ClientAddr().String())
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	o := l.Options()
	if o.ProxyProtocol {
		_, _ = io.WriteString(c, "PROXY TCP4 9.9.9.9 127.0.0.1 1 2\r\n")
	}
	secure := func() { c = tls.Client(c, &tls.Config{InsecureSkipVerify: true}) } //nolint:gosec // who answers does not matter here
	if o.TLS != nil && o.TLS.HandshakeFirst {
		secure()
	}
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	var info client.Info
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info); err != nil {
		return nil, err
	}
	if info.TLSRequired && !o.TLS.HandshakeFirst {
		secure()
		in = bufio.NewReader(c)
	}
	g := &guest{name: name, cid: info.ClientID, sock: c, proof: proofs(key, []byte(info.Nonce))[name]}
	p := g.proof
	hello := must(json.Marshal(map[string]any{"verbose": false, "user": p.User, "pass": p.Pass, "auth_token": p.Token, "nkey": p.NKey, "sig": p.Sig}))
	if _, err := fmt.Fprintf(c, "CONNECT %s\r\nSUB a 1\r\nSUB b 2\r\nSUB c.x 3\r\nSUB a q 4\r\nSUB c.* 5\r\nPING\r\n", hello); err != nil {
		return nil, err
	}
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			_ = c.Close()
			return nil, nil // refused
		case strings.HasPrefix(line, "PONG"):
			if c := l.conns.Get(g.cid); c != nil { // it may have been cut
				s := c.Session().(*client.Session) //nolint:forcetypeassert // all of them are
				g.grant, g.subs = s.Grant(), subscribed(s)
			}
			return g, nil
		}
	}
}

func subscribed(s *client.Session) []string {
	out := []string{}
	for _, sub := range s.Subscriptions(-1) {
		out = append(out, strings.TrimSpace(sub.Subject+" "+sub.Queue))
	}
	slices.Sort(out)
	return out
}

// proved tells that the guest was let in for the name that it gave.
func (g *guest) proved() bool {
	kind, who, _ := strings.Cut(g.grant.ID, ":")
	return kind == "nkey" && who == g.proof.NKey || kind == "user" && who == g.proof.User || kind == "single"
}

// check compares what has become of the crowd with what each of them would get now, and closes them.
func (all crowd) check(rt judge, l *live, dropped int) {
	set, cut := l.clients.Settings(), 0
	for _, g := range all {
		now, err := set.Auth.Authenticate(context.Background(), g.proof)
		// Who proved to be somebody stays only as the same, unless nobody is asked any more.
		stays := err == nil && now.Account == g.grant.Account && (now.ID == g.grant.ID || now.ID == "open" || !g.proved())
		c := l.conns.Get(g.cid)
		open := c != nil && c.Reason() == conn.Open
		if !open {
			cut++
		}
		switch {
		case stays != open:
			rt.Errorf("%s (was %s): open is %v, want %v (%v)", g.name, g.grant.ID, open, stays, err)
		case open:
			s := c.Session().(*client.Session) //nolint:forcetypeassert // all of them are
			if has := s.Grant(); !has.Same(now) {
				rt.Errorf("%s has the grant of %s, now it would be %s", g.name, has.ID, now.ID)
			}
			var want []string
			for _, sub := range g.subs {
				subj, queue, _ := strings.Cut(sub, " ")
				if now.Perms.Subscribe([]byte(subj), []byte(queue)) {
					want = append(want, sub)
				}
			}
			if diff := cmp.Diff(want, subscribed(s)); diff != "" && len(want)+len(subscribed(s)) > 0 {
				rt.Errorf("%s: subscriptions (-want +got):\n%s", g.name, diff)
			}
		}
		_ = g.sock.Close()
	}
	if cut != dropped {
		rt.Errorf("%d connections were cut, the report says %d", cut, dropped)
	}
	for until := time.Now().Add(patience); l.conns.Len() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			rt.Fatal("connections do not end")
		}
	}
	l.collect()
}

// collect waits until accounts are empty again, which follows the end of connections.
func (l *live) collect() {
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if !slices.ContainsFunc(l.Accounts(), func(a status.Account) bool { return a.Clients > 0 }) {
			return
		}
	}
}
