package transcript

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"natsd/test/harness"
)

// PeerRules are what a replay between servers cannot read from the recording.
type PeerRules struct {
	Cluster string            // further text of the cluster block, by role
	Conf    string            // further text at the top level
	Servers map[string]string // server of a client whose name does not tell
	Until   string            // a note or line after which the rest is not played
	Loose   []string          // bodies of messages whose groups are dealt out by chance
	Reload  map[string][2]string
	Free    []string          // beginnings of lines that the server need not send
	Name    string            // of the cluster in place of C1; "-" is none
	Mapped  map[string]string // what stands for names that were made up when it was recorded; "*" is any
	User    string            // of clients whose name does not tell
	From    string            // a note before which nothing is played
	Drop    []int             // connections that the server does not make, or ends earlier
	Login   string            // user and password for the server that is dialed
	Called  string            // name of the server
	Ignore  []string          // keys of INFO and CONNECT that may differ
}

// replayPeers plays one role of a recording with a real server, and all others itself.
func replayPeers(t *testing.T, name string, steps []peerStep, role string, rules PeerRules) {
	t.Helper()
	p := &peerReplay{
		t: t, name: name, role: role, steps: steps, rules: rules, scope: harness.NewScope(t),
		conns: map[int]*peerWire{}, greeted: map[int]bool{}, told: map[int]bool{}, dropped: map[int]bool{}, clients: map[string]*peerWire{},
		accounts: map[int]string{}, listeners: map[string]net.Listener{}, ids: map[string]string{},
	}
	for i := range steps {
		if rules.From != "" && strings.HasPrefix(steps[i].text, rules.From) {
			p.steps, steps = steps[i:], steps[i:]
			break
		}
	}
	for _, n := range rules.Drop {
		p.dropped[n] = true
	}
	p.prepare()
	defer p.finish()
	for i := range steps {
		if rules.Until != "" && strings.Contains(steps[i].text, rules.Until) {
			break
		}
		if err := p.step(&steps[i]); err != nil {
			t.Fatalf("%s.txt:%d as %s: %v\nwanted: %s %s", name, steps[i].at, role, err, steps[i].text, steps[i].body)
		}
	}
	p.leftovers()
}

type peerReplay struct {
	t         *testing.T
	name      string
	role      string
	steps     []peerStep
	rules     PeerRules
	scope     *harness.Scope
	server    *harness.Server
	conf      string
	conns     map[int]*peerWire
	greeted   map[int]bool   // connections on which another server has said who it is
	told      map[int]bool   // connections on which the first INFO has been sent at accept
	dropped   map[int]bool   // connections that are not part of this replay
	accounts  map[int]string // of connections that the role dials
	listeners map[string]net.Listener
	clients   map[string]*peerWire
	ids       map[string]string
	ended     bool
}

// prepare starts the server in its role.
func (p *peerReplay) prepare() {
	p.t.Helper()
	var seeds []string
	last := map[int]string{}
	for i := range p.steps {
		s := &p.steps[i]
		switch {
		case s.op == peerOpen && s.from == p.role && !p.dropped[s.conn]:
			if p.listeners[s.to] == nil {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					p.t.Fatal(err)
				}
				p.t.Cleanup(func() { _ = ln.Close() })
				p.listeners[s.to] = ln
				if len(seeds) == 0 { // of others it hears
					seeds = append(seeds, fmt.Sprintf("%q", "nats://"+p.rules.Login+ln.Addr().String()))
				}
			}
			last[s.conn] = ""
		case s.op == peerOpen && s.to != p.role:
			p.dropped[s.conn] = true
		case s.op == peerLine && s.from == p.role && strings.HasPrefix(s.text, "INFO "):
			if _, ok := last[s.conn]; ok && !strings.Contains(s.text, "reqid") {
				last[s.conn] = field(s.text, "route_account")
				p.accounts[s.conn] = last[s.conn]
			}
		}
	}
	cluster := "name: C1"
	if p.rules.Name == "-" {
		cluster = ""
	} else if p.rules.Name != "" {
		cluster = "name: " + p.rules.Name
	}
	pool, mode := "-1", "off"
	for i := range p.steps {
		if s := &p.steps[i]; s.op == peerLine && s.from == p.role && strings.HasPrefix(s.text, "INFO ") && !strings.Contains(s.text, "reqid") {
			if size := field(s.text, "route_pool_size"); size != "" {
				pool = size
			}
			if m := field(s.text, "compression"); m != "" && m != "not supported" {
				mode = m
			}
			break
		}
	}
	text := p.rules.Cluster
	if !strings.Contains(text, "pool_size") {
		text += "\npool_size: " + pool
	}
	if !strings.Contains(text, "compression") {
		text += "\ncompression: " + mode
	}
	p.conf = fmt.Sprintf("server_name: %s\nlisten: \"127.0.0.1:<port>\"\nhttp: \"127.0.0.1:<http_port>\"\n%s\ncluster {\n %s\n listen: \"127.0.0.1:<cluster_port>\"\n routes: [%s]\n %s\n}\n",
		cmp.Or(p.rules.Called, p.role), p.rules.Conf, cluster, strings.Join(seeds, ", "), text)
	p.server = harness.Start(p.t, harness.Target(), p.conf, harness.WithoutListen(), harness.WithScope(p.scope))
}

// field returns the value of a key in the JSON of a line, as text.
func field(line, key string) string {
	_, text, _ := strings.Cut(line, " ")
	text = regexp.MustCompile(`:<(\w+)>`).ReplaceAllString(text, `:0`)
	var v map[string]any
	if json.Unmarshal([]byte(text), &v) != nil || v[key] == nil {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprint(v[key]), ".0")
}

func (p *peerReplay) finish() {
	for _, w := range p.conns {
		_ = w.c.Close()
	}
	for _, w := range p.clients {
		_ = w.c.Close()
	}
}

func (p *peerReplay) step(s *peerStep) error {
	switch s.op {
	case peerOpen:
		if s.to == p.role {
			return p.dial(s.conn)
		}
	case peerClose:
		return p.closed(s)
	case peerLine:
		if p.dropped[s.conn] || s.from != p.role && s.to != p.role {
			return nil
		}
		if s.from == p.role {
			return p.expect(s)
		}
		return p.say(s)
	case peerSend:
		if p.serverOf(s.from) == p.role {
			return p.clientSends(s)
		}
	case peerReceive:
		if s.to == p.role {
			return p.clientReceives(s)
		}
	case peerGone:
		if c := p.clients[s.from]; c != nil && p.serverOf(s.from) == p.role {
			delete(p.clients, s.from)
			return c.c.Close()
		}
	case peerNote:
		return p.note(s.text)
	}
	return nil
}

func (p *peerReplay) dial(n int) error {
	p.syncPeers()
	c, err := net.Dial("tcp", p.scope.Addr("cluster_port"))
	if err != nil {
		return err
	}
	p.add(n, c)
	return nil
}

func (p *peerReplay) add(n int, c net.Conn) {
	w := newPeerWire(c)
	p.conns[n] = w
	go w.read() //nolint:gosec // ends with the connection
}

// wire returns connection n; if the server has to dial it, it is waited for.
func (p *peerReplay) wire(n int) (*peerWire, error) {
	for p.conns[n] == nil {
		if err := p.accept(n); err != nil {
			return nil, err
		}
	}
	return p.conns[n], nil
}

// accept takes the next connection that the server dials, and finds out which one of the recording it is.
func (p *peerReplay) accept(want int) error {
	to := ""
	for i := range p.steps {
		if p.steps[i].op == peerOpen && p.steps[i].conn == want {
			to = p.steps[i].to
		}
	}
	ln, ok := p.listeners[to].(*net.TCPListener)
	if !ok {
		return fmt.Errorf("connection %d does not exist", want)
	}
	_ = ln.SetDeadline(time.Now().Add(frameWait))
	c, err := ln.Accept()
	if err != nil {
		return fmt.Errorf("connection %d was not made: %w", want, err)
	}
	w := newPeerWire(c)
	go w.read()
	if _, ok := p.accounts[want]; !ok { // nothing to tell it by
		p.conns[want] = w
		return nil
	}
	first := p.firstInfo(want)
	if err := w.write(p.fill(first)+"\r\n", false); err != nil {
		return err
	}
	info, err := w.take(func(g peerGot) bool { return strings.HasPrefix(g.line, "INFO ") },
		func(g peerGot) bool { return strings.HasPrefix(g.line, "CONNECT ") }, frameWait)
	if err != nil {
		return fmt.Errorf("INFO of a connection that was dialed: %w", err)
	}
	account := field(info.line, "route_account")
	var order []int
	for n, a := range p.accounts {
		if a == account && p.conns[n] == nil && p.firstInfo(n) != "" {
			order = append(order, n)
		}
	}
	slices.Sort(order)
	if len(order) == 0 {
		_ = c.Close() // one that the recording does not have
		return nil
	}
	w.mu.Lock()
	at := 0
	for at < len(w.lines) && strings.HasPrefix(w.lines[at].line, "CONNECT ") {
		at++
	}
	w.lines = slices.Insert(w.lines, at, info)
	w.mu.Unlock()
	p.conns[order[0]], p.told[order[0]], p.greeted[order[0]] = w, true, true
	return nil
}

// firstInfo is the first line that the other side of a connection sends.
func (p *peerReplay) firstInfo(n int) string {
	for i := range p.steps {
		if s := &p.steps[i]; s.op == peerLine && s.conn == n && s.to == p.role {
			return s.text
		}
	}
	return ""
}

// say sends what another server sends.
func (p *peerReplay) say(s *peerStep) error {
	w, err := p.wire(s.conn)
	if err != nil {
		return err
	}
	if strings.HasPrefix(s.text, "INFO ") && p.told[s.conn] {
		delete(p.told, s.conn)
		return nil
	}
	if s.text == "PONG" || systemLine(s.text) {
		return nil
	}
	if strings.HasPrefix(s.text, "INFO ") && !s.packed && p.rules.Mapped == nil && strings.Contains(s.text, "gossip_mode") && strings.Contains(s.text, "nats-route://") {
		for _, ln := range p.listeners {
			if addr := ln.Addr().String(); !strings.Contains(p.conf, addr) {
				s.text = strings.Replace(s.text, "nats-route://<ip>:<port>/", "nats-route://"+addr+"/", 1)
			}
		}
	}
	p.greeted[s.conn] = p.greeted[s.conn] || strings.HasPrefix(s.text, "INFO ")
	out := p.fill(s.text) + "\r\n"
	if bodySize(s.text) >= 0 && s.body != "" {
		out += unquote(s.body) + "\r\n"
	}
	_ = w.write(out, s.packed) // a connection that is closed shows in what follows
	return nil
}

// systemLine tells of what servers do among themselves in the system account.
func systemLine(line string) bool {
	f := strings.Fields(line)
	if len(f) < 2 || len(f[0]) < 3 || f[0] == "INFO" || f[0] == "CONNECT" || f[0] == "-ERR" {
		return false
	}
	for _, arg := range f[1:min(len(f), 3)] {
		if strings.HasPrefix(arg, "$SYS") || strings.HasPrefix(arg, "$JSC") || strings.HasPrefix(arg, "_R_.") {
			return true
		}
	}
	return false
}

// fill replaces the placeholders of a line that is sent.
func (p *peerReplay) fill(text string) string {
	for from, to := range p.rules.Mapped {
		text = strings.ReplaceAll(text, from, to)
	}
	return placeholder.ReplaceAllStringFunc(text, func(x string) string {
		name := strings.Trim(x, "<>")
		if id, ok := strings.CutPrefix(name, "id_"); ok {
			if id == p.role {
				return p.serverID()
			}
			return "NFAKE" + id
		}
		switch name {
		case "port":
			return "4222"
		case "ip":
			return "127.0.0.1"
		case "reqid":
			if strings.Contains(text, "route_account") {
				return "REQUEST" // of the other server
			}
			return p.ids["reqid"]
		}
		return name
	})
}

func (p *peerReplay) serverID() string {
	if p.ids["own"] == "" {
		var v struct {
			ID string `json:"server_id"`
		}
		_ = p.server.GetJSON("/varz", &v)
		p.ids["own"] = v.ID
	}
	return p.ids["own"]
}

// expect waits for what the server has to send.
func (p *peerReplay) expect(s *peerStep) error {
	if s.text == "PING" || s.text == "PONG" || systemLine(s.text) || p.free(s.text) {
		return nil
	}
	w, err := p.wire(s.conn)
	if err != nil {
		return err
	}
	interest := func(line string) bool { return len(line) > 3 && (line[:3] == "RS+" || line[:3] == "RS-") }
	skip := func(g peerGot) bool {
		return g.line == "PONG" || systemLine(g.line) || p.free(g.line) || interest(s.text) && interest(g.line) || moves(s.text) && moves(g.line)
	}
	var differs error
	ok := func(g peerGot) bool {
		switch verb, _, _ := strings.Cut(s.text, " "); {
		case !strings.HasPrefix(g.line, verb), moves(s.text) && moves(g.line) && (field(s.text, "route_account") == "") != (field(g.line, "route_account") == ""):
			return false
		case verb == "INFO" || verb == "CONNECT":
			differs = p.sameJSON(s.text, g.line)
			return true
		case bodySize(s.text) >= 0:
			return p.sameMessage(s, g)
		default:
			return strings.TrimRight(p.fill(s.text), " ") == strings.TrimRight(g.line, " ")
		}
	}
	if _, err := w.take(ok, skip, frameWait); err != nil {
		return err
	}
	return differs
}

// moves tells of the INFO by which a reload gives an account a connection of its own: that of each side
// may come first.
func moves(line string) bool { return strings.Contains(line, `"route_acc_add_reqid"`) }

func (p *peerReplay) free(line string) bool {
	return slices.ContainsFunc(p.rules.Free, func(f string) bool { return strings.HasPrefix(line, f) })
}

// sameMessage compares a message; the order of groups does not matter.
func (p *peerReplay) sameMessage(s *peerStep, g peerGot) bool {
	if unquote(s.body) != g.body {
		return false
	}
	if slices.Contains(p.rules.Loose, s.body) {
		return true
	}
	a, b := strings.Fields(p.fill(s.text)), strings.Fields(g.line)
	for _, f := range [][]string{a, b} {
		if at := slices.IndexFunc(f, func(x string) bool { return x == "|" || x == "+" }); at >= 0 {
			slices.Sort(f[at : len(f)-1])
		}
	}
	return slices.Equal(a, b)
}

// differing keys of INFO and CONNECT: who sends them, and what depends on the machine or the release.
var peerOwn = []string{"server_id", "name", "server_name", "version", "proto", "go", "host", "port", "nonce", "git_commit", "connect_urls", "max_payload", "ip", "route_acc_add_reqid"}

// sameJSON compares the JSON of INFO and CONNECT.
func (p *peerReplay) sameJSON(want, got string) error {
	var a, b map[string]any
	_, text, _ := strings.Cut(want, " ")
	text = regexp.MustCompile(`:<(\w+)>`).ReplaceAllString(p.mapped(text), `:0`)
	text = strings.ReplaceAll(text, `\\u003e`, `>`)
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return err
	}
	_, text, _ = strings.Cut(got, " ")
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return err
	}
	if id, ok := b["route_acc_add_reqid"].(string); ok && b["route_account"] != nil {
		p.ids["reqid"] = id
	}
	for k, v := range a {
		switch {
		case slices.Contains(p.rules.Ignore, k):
		case slices.Contains(peerOwn, k):
			if zero := v == "" || v == 0.0; b[k] == nil && !zero && k != "git_commit" {
				return fmt.Errorf("%s is missing in %s", k, got)
			}
		case fmt.Sprint(b[k]) != fmt.Sprint(v) && v != "*" && (b[k] != nil || v != false):
			return fmt.Errorf("%s is %v, want %v in %s", k, b[k], v, got)
		}
	}
	for k, v := range b {
		if _, ok := a[k]; !ok && !slices.Contains(peerOwn, k) {
			return fmt.Errorf("%s is %v and was not recorded", k, v)
		}
	}
	return nil
}

func (p *peerReplay) mapped(text string) string {
	for from, to := range p.rules.Mapped {
		text = strings.ReplaceAll(text, from, to)
	}
	return text
}

// closed ends a connection, or waits for the server to do so. Of two ends the first counts.
func (p *peerReplay) closed(s *peerStep) error {
	w := p.conns[s.conn]
	if p.dropped[s.conn] || w == nil {
		return nil
	}
	p.dropped[s.conn] = true
	if s.from != p.role {
		return w.c.Close()
	}
	if p.over(s) {
		return nil
	}
	if !w.ended(frameWait) {
		return errors.New("the server keeps the connection")
	}
	return nil
}

// over tells whether nothing but ends follows: the servers were stopped.
func (p *peerReplay) over(s *peerStep) bool {
	for i := range p.steps {
		x := &p.steps[i]
		if x.at > s.at && x.op != peerClose && (x.op != peerNote || !strings.HasPrefix(x.text, "SIGTERM")) {
			return false
		}
	}
	return true
}

// leftovers fails the test if the server has sent more than was recorded.
func (p *peerReplay) leftovers() {
	for n, w := range p.conns {
		w.mu.Lock()
		for _, g := range w.lines {
			if g.line != "PONG" && !systemLine(g.line) && !p.free(g.line) && !p.ended {
				p.t.Errorf("%s as %s: connection %d: %.200q was not recorded", p.name, p.role, n, g.line)
			}
		}
		w.mu.Unlock()
	}
}

// serverOf is the server that a client is connected to: that of the last letter but for digits.
func (p *peerReplay) serverOf(client string) string {
	if s, ok := p.rules.Servers[client]; ok {
		return s
	}
	name := strings.TrimRight(client, "0123456789")
	return strings.ToUpper(name[len(name)-1:])
}

func (p *peerReplay) client(s *peerStep) (*peerWire, error) {
	user := cmp.Or(s.user, p.rules.User)
	name := s.from + user
	if c := p.clients[name]; c != nil {
		return c, nil
	}
	c, err := net.Dial("tcp", p.scope.Addr("port"))
	if err != nil {
		return nil, err
	}
	w := newPeerWire(c)
	go w.read()
	p.clients[name] = w
	connect := `CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":0`
	if user != "" {
		connect += fmt.Sprintf(`,"user":%q,"pass":%q`, user, user)
	}
	return w, p.sync(w, connect+"}\r\n")
}

// sync sends text and waits until the server has worked on it.
func (p *peerReplay) sync(w *peerWire, text string) error {
	if err := w.write(text+"PING\r\n", false); err != nil {
		return err
	}
	_, err := w.take(func(g peerGot) bool { return g.line == "PONG" }, func(peerGot) bool { return true }, frameWait)
	return err
}

// syncPeers waits until the server has worked on what others have said so far.
func (p *peerReplay) syncPeers() {
	for n, c := range p.conns {
		if !p.dropped[n] && p.greeted[n] {
			_ = p.syncPeer(c) // one that is closed shows in what follows
		}
	}
}

// syncPeer waits until the server has worked on what was sent on a route.
func (p *peerReplay) syncPeer(w *peerWire) error {
	if err := w.write("PING\r\n", w.pack != nil); err != nil {
		return err
	}
	_, err := w.take(func(g peerGot) bool { return g.line == "PONG" }, func(peerGot) bool { return true }, frameWait)
	return err
}

func (p *peerReplay) clientSends(s *peerStep) error {
	p.syncPeers()
	w, err := p.client(s)
	if err != nil {
		return err
	}
	line, body, hasBody := strings.Cut(s.text, " / ")
	out := p.fill(line) + "\r\n"
	if hasBody {
		out += unquote(body) + "\r\n"
	}
	return p.sync(w, out)
}

// clientReceives looks for a message at all clients of the server: which member of a group gets it is a
// matter of chance.
func (p *peerReplay) clientReceives(s *peerStep) error {
	line, body, _ := strings.Cut(s.text, " | ")
	want := strings.Fields(line)
	end := time.Now().Add(frameWait)
	for time.Now().Before(end) {
		for _, w := range p.clients {
			_, err := w.take(func(g peerGot) bool {
				f := strings.Fields(g.line)
				return len(f) == len(want) && f[0] == want[0] && f[1] == want[1] && slices.Equal(f[3:], want[3:]) && g.body == unquote(body)
			}, func(peerGot) bool { return true }, time.Millisecond)
			if err == nil {
				return nil
			}
		}
		<-time.After(2 * time.Millisecond)
	}
	if slices.Contains(p.rules.Loose, body) {
		return nil
	}
	return errors.New("no client got it")
}

// note does what a comment tells.
func (p *peerReplay) note(text string) error {
	switch {
	case strings.HasPrefix(text, "SIGUSR2") && strings.HasSuffix(text, " "+p.role):
		return p.server.Signal(syscall.SIGUSR2)
	case strings.HasPrefix(text, "SIGTERM") && strings.HasSuffix(text, " "+p.role):
		p.ended = true
		return p.server.Signal(syscall.SIGTERM)
	case strings.HasPrefix(text, "reload"):
		change, ok := p.rules.Reload[p.role]
		if !ok {
			return nil
		}
		p.conf = strings.Replace(p.conf, change[0], change[1], 1)
		if err := p.server.SetConfig(p.scope.Expand(p.conf)); err != nil {
			return err
		}
		return p.server.Signal(syscall.SIGHUP)
	}
	return nil
}
