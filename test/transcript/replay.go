package transcript

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"natsd/test/harness"
)

// Rules are what a replay cannot read from the recording itself.
type Rules struct {
	// Optional are JSON keys that may be absent or present beyond what was recorded.
	Optional []string
	// SystemOrder lets messages and PONG/+OK lines of one connection swap places.
	SystemOrder bool
	// SubjectOrder lets messages of different subjects swap places.
	SubjectOrder bool
	// Pings says that the server's PINGs are in the recording.
	Pings bool
	// Drain says that anything may arrive before the server closes.
	Drain bool
	// OneInfo drops the INFO with connect_info that answers the first PING.
	OneInfo bool
	// Settle is how long servers get to tell each other, and those who listen, what happened so far. It
	// passes before a subscription and before a signal: what is recorded behind them depends on it.
	Settle time.Duration
	// Members are pairs of subscriptions of which either may get a message: members of one group.
	Members map[string]string
}

// Replay plays a script against a server of that kind and fails the test at the first difference.
func Replay(tb testing.TB, k harness.Kind, s *Script, rules Rules) {
	tb.Helper()
	r := &replay{
		tb: tb, kind: k, script: s, rules: rules,
		scope:   harness.NewScope(tb),
		keys:    newKeyring(tb, s.Dir),
		servers: map[string]*harness.Server{},
		clients: map[string]*client{},
	}
	defer r.closeAll()
	if err := r.run(); err != nil {
		tb.Fatalf("%s.txt %v%s", s.Name, err, r.history())
	}
}

type replay struct {
	tb      testing.TB
	kind    harness.Kind
	script  *Script
	rules   Rules
	scope   *harness.Scope
	keys    *keyring
	servers map[string]*harness.Server
	clients map[string]*client
	last    *client  // whose step failed
	named   []string // connections named by the comment above, for <cid of connection>
	reload  bool     // the last action was a reload
}

func (r *replay) run() error {
	steps := r.script.Steps
	for i := 0; i < len(steps); {
		s := steps[i]
		switch s.Op {
		case OpExpect, OpNothing, OpEOF, OpReason:
			n := i
			for n < len(steps) && isAnswer(steps[n].Op) {
				n++
			}
			if err := r.answers(steps[i:n]); err != nil {
				return err
			}
			i = n
			continue
		case OpComment:
			r.comment(s.Arg)
		default:
			if err := r.act(s); err != nil {
				return at(s, err)
			}
			if s.Op != OpSend {
				r.reload = s.Op == OpReload
			}
		}
		i++
	}
	return nil
}

func isAnswer(op Op) bool {
	return op == OpExpect || op == OpNothing || op == OpEOF || op == OpReason || op == OpComment
}

func (r *replay) act(s Step) error {
	switch s.Op {
	case OpStart:
		return r.start(s)
	case OpStop:
		_, err := r.servers[s.Arg].Stop()
		return err
	case OpReload:
		return r.reloadConfig(s)
	case OpSignal:
		<-time.After(r.rules.Settle)
		sig := map[string]syscall.Signal{"ldm": syscall.SIGUSR2, "term": syscall.SIGTERM}[s.File]
		return r.servers[s.Arg].Signal(sig)
	case OpConnect:
		return r.connect(s)
	case OpWait:
		<-time.After(s.Wait)
		return nil
	case OpSend:
		return r.send(s)
	case OpTLS:
		c, err := r.client(s.Conn)
		if err != nil {
			return err
		}
		// A refused handshake is what the lines that follow are about.
		if err := c.conn.StartTLS(harness.Certs(r.tb).Client(r.tb, s.Arg), frameWait); err != nil {
			c.note("  (TLS handshake: %v)", err)
		}
		return nil
	case OpClose:
		c, err := r.client(s.Conn)
		if err != nil {
			return err
		}
		return c.conn.Close()
	default:
		return fmt.Errorf("step %d cannot be done", s.Op)
	}
}

// config returns the text of a configuration with a monitoring port.
func (r *replay) config(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(r.script.Dir, "conf", file))
	if err != nil {
		return "", err
	}
	conf := string(text)
	if !regexp.MustCompile(`(?m)^\s*http(_port)?\b`).MatchString(conf) {
		conf += "\nhttp: \"127.0.0.1:<http_port>\"\n"
	}
	return conf, nil
}

func (r *replay) start(s Step) error {
	conf, err := r.config(s.File)
	if err != nil {
		return err
	}
	if old := r.servers[s.Arg]; old != nil {
		if _, err := old.WaitExit(40 * time.Second); err != nil {
			return err
		}
	}
	srv := harness.Start(r.tb, r.kind, conf, harness.WithoutListen(), harness.WithScope(r.scope, r.keys.value))
	r.servers[s.Arg] = srv
	if strings.Contains(conf, "routes:") {
		return r.joined()
	}
	return nil
}

// joined waits until the first server has a route to the one just started.
func (r *replay) joined() error {
	var z struct {
		Routes int `json:"num_routes"`
	}
	first := r.servers["peer"]
	if !harness.Eventually(5*time.Second, func() bool { return first.GetJSON("/routez", &z) == nil && z.Routes > 0 }) {
		return fmt.Errorf("the servers did not join")
	}
	return nil
}

func (r *replay) reloadConfig(s Step) error {
	srv := r.servers[s.Arg]
	conf, err := r.config(s.File)
	if err != nil {
		return err
	}
	if err := srv.SetConfig(r.scope.Expand(conf, r.keys.value)); err != nil {
		return err
	}
	const done, failed = "Reloaded server configuration", "Failed to reload server configuration"
	before := srv.Log.Count(done)
	refused := srv.Log.Count(failed)
	if err := srv.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	harness.Eventually(3*time.Second, func() bool { return srv.Log.Count(done) > before || srv.Log.Count(failed) > refused })
	if srv.Log.Count(done) == before {
		return fmt.Errorf("the reload with %s was not done", s.File)
	}
	return nil
}

func (r *replay) connect(s Step) error {
	c, err := harness.Open(r.scope.Addr(s.Arg))
	if err != nil {
		return err
	}
	if old := r.clients[s.Conn]; old != nil {
		_ = old.conn.Close()
	}
	r.clients[s.Conn] = &client{
		name: s.Conn, conn: c, asis: r.rules.Pings, drain: r.rules.Drain,
		match: matcher{lookup: r.known, optional: r.rules.Optional, seen: map[string]string{}},
	}
	return nil
}

// known gives the placeholders that have one value in the whole replay.
func (r *replay) known(name string) (string, bool) {
	if v, ok := r.scope.Value(name); ok && name != "client_port" { // that of a client is not ours to choose
		return v, true
	}
	return r.keys.value(name)
}

func (r *replay) client(name string) (*client, error) {
	c := r.clients[name]
	if c == nil {
		return nil, fmt.Errorf("there is no connection %q", name)
	}
	r.last = c
	return c, nil
}

// send writes the chunks of one step at once. A failed write is not an error: the server may have
// closed already, which the next lines will tell.
func (r *replay) send(s Step) error {
	c, err := r.client(s.Conn)
	if err != nil {
		return err
	}
	texts := make([]string, len(s.Send))
	for i, chunk := range s.Send {
		if chunk.Bulk {
			texts[i] = bulk(chunk.Text)
		} else if texts[i], err = r.fill(c, chunk.Text); err != nil {
			return err
		}
	}
	var out strings.Builder
	for i, text := range texts {
		if strings.Contains(text, "<len>") && i+1 < len(texts) {
			text = strings.ReplaceAll(text, "<len>", strconv.Itoa(len(texts[i+1])))
		}
		c.note("> %.300q", text)
		out.WriteString(text)
		if !s.Send[i].Raw {
			out.WriteString("\r\n")
		}
	}
	if strings.HasPrefix(out.String(), "SUB ") {
		<-time.After(r.rules.Settle)
	}
	if err := c.conn.Send(out.String()); err != nil {
		c.note("> (%v)", err)
	}
	return nil
}

// fill replaces the placeholders of a line to send.
func (r *replay) fill(c *client, text string) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(p, "<"), ">")
		if v, ok := r.known(name); ok {
			return v
		}
		if v, ok := r.keys.sign(name, c.info.Nonce); ok {
			return v
		}
		if v, ok := c.match.seen[name]; ok && name != "len" {
			return v
		}
		if spec, ok := strings.CutPrefix(name, "jwt:authorization-response "); ok {
			v, err := r.keys.answer(c.match.seen["jwt:authorization-request"], spec)
			failed = err
			return v
		}
		switch name {
		case "server_id":
			return c.info.ServerID
		case "cid of connection":
			return r.nextNamed()
		}
		return p
	})
	return out, failed
}

var ofName = regexp.MustCompile(`\bof (?:an )?(\w+)`)

// comment remembers the connections that a comment names: "LDM of b, then of c".
func (r *replay) comment(text string) {
	if found := ofName.FindAllStringSubmatch(text, -1); found != nil {
		r.named = nil
		for _, m := range found {
			r.named = append(r.named, m[1])
		}
	}
}

// nextNamed returns the client id of the next connection that the comment above names, or an id
// that nobody has.
func (r *replay) nextNamed() string {
	if len(r.named) > 0 {
		name := r.named[0]
		r.named = r.named[1:]
		if c := r.clients[name]; c != nil {
			return strconv.FormatUint(c.info.ID, 10)
		}
	}
	return "999999"
}

// answers checks a run of expectations, connection by connection in the order of appearance.
func (r *replay) answers(steps []Step) error {
	var order []string
	by := map[string][]Step{}
	for _, s := range steps {
		if s.Op == OpComment {
			r.comment(s.Arg)
			continue
		}
		if r.rules.OneInfo && strings.Contains(s.Want.Line, `"connect_info":true`) {
			continue
		}
		if by[s.Conn] == nil {
			order = append(order, s.Conn)
		}
		by[s.Conn] = append(by[s.Conn], s)
	}
	for _, name := range order {
		c, err := r.client(name)
		if err != nil {
			return at(by[name][0], err)
		}
		if err := r.answersOf(c, by[name]); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) answersOf(c *client, steps []Step) error {
	for i := 0; i < len(steps); {
		s := steps[i]
		var err error
		switch s.Op {
		case OpExpect:
			n := i
			for n < len(steps) && steps[n].Op == OpExpect {
				n++
			}
			if err := c.expect(r.withMembers(steps[i:n]), r.free); err != nil {
				return err
			}
			i = n
			continue
		case OpNothing:
			err = c.nothing()
		case OpEOF:
			err = c.eof()
		case OpReason:
			err = r.reason(c, s.Arg)
		}
		if err != nil {
			return at(s, err)
		}
		i++
	}
	return nil
}

func (r *replay) reason(c *client, want string) error {
	if c.info.ID == 0 {
		return fmt.Errorf("connection %q has no client id to ask connz for", c.name)
	}
	got, err := r.servers["peer"].Reason(c.info.ID, reasonFor)
	if err != nil {
		return fmt.Errorf("want reason %q: %w", want, err)
	}
	if got != want {
		return fmt.Errorf("want reason %q, got %q", want, got)
	}
	return nil
}

// free tells whether two frames of one connection may come in either order.
func (r *replay) free(a, b Want) bool {
	am, bm := isMessage(a.Line), isMessage(b.Line)
	switch {
	case am && bm:
		af, bf := strings.Fields(a.Line), strings.Fields(b.Line)
		onePublish := af[1] == bf[1] && af[2] != bf[2] && a.Body == b.Body
		return onePublish || r.rules.SubjectOrder && af[1] != bf[1]
	case am != bm:
		other := a.Line
		if am {
			other = b.Line
		}
		return r.rules.SystemOrder && (other == "PONG" || other == "+OK")
	}
	return r.reload && strings.HasPrefix(a.Line, "-ERR ") && strings.HasPrefix(b.Line, "-ERR ")
}

// withMembers lets any member of a queue group stand for the recorded one.
func (r *replay) withMembers(steps []Step) []Step {
	if len(r.rules.Members) == 0 {
		return steps
	}
	steps = slices.Clone(steps)
	for i := range steps {
		f := strings.Fields(steps[i].Want.Line)
		if len(f) > 2 && f[0] == "MSG" && r.rules.Members[f[2]] != "" {
			f[2] = "<member:" + r.rules.Members[f[2]] + ">"
			steps[i].Want.Line = strings.Join(f, " ")
		}
	}
	return steps
}

func (r *replay) history() string {
	if r.last == nil || len(r.last.log) == 0 {
		return ""
	}
	return fmt.Sprintf("\nlast lines of connection %q:\n  %s", r.last.name, strings.Join(r.last.log, "\n  "))
}

func (r *replay) closeAll() {
	for _, c := range r.clients {
		_ = c.conn.Close()
	}
}
