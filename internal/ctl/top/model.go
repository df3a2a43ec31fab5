package top

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Model is the state of the screen. Messages change it; the exported fields are set before it begins. One
// goroutine uses it.
type Model struct {
	Source   Source
	Interval time.Duration
	Zone     *time.Location // of the user; nil is that of the process
	Color    bool

	View    View
	Sort    string
	Reverse bool
	Limit   int
	Filter  string
	Subs    bool // with subjects
	Raw     bool // numbers as they are
	Rates   bool // per second in place of totals
	Lookup  bool // names in place of addresses

	ctx           context.Context //nolint:containedctx // the life of the program, for the commands that it starts
	width, height int
	attributes    bool // the screen is a terminal

	sample       *Sample
	err          error // of the last attempt to get one
	note         string
	serverRates  rates
	connRates    map[uint64]rates
	accountRates map[string]rates
	routeRates   map[uint64]rates
	inMsgs       history
	outMsgs      history
	inBytes      history
	outBytes     history
	cpu          history
	conns        history
	names        map[string]string // of hosts, by address; empty while it is looked up

	cursor int    // line of the table
	follow uint64 // connection that the cursor was put on, and stays on when the order changes
	top    int    // first line that is shown
	cid    uint64
	back   View // where Esc leads
	paused bool
	asking bool // a sample is under way
	prompt prompt
	help   bool
	// filters are those of the views that are not shown.
	filters [Subscriptions + 1]string
}

// prompt is a question in the last line.
type prompt struct {
	kind  byte // the key that asked; 0 when there is none
	label string
	text  string
	cid   uint64
}

// NewModel makes a model with the usual choices.
func NewModel(src Source) *Model {
	return &Model{
		Source: src, Interval: time.Second, View: Connections, Sort: "cid", Limit: 1024,
		ctx: context.Background(), width: 80, height: 24, sample: &Sample{}, names: map[string]string{},
		connRates: map[uint64]rates{}, accountRates: map[string]rates{}, routeRates: map[uint64]rates{},
	}
}

func (m *Model) zone() *time.Location {
	if m.Zone == nil {
		return time.Local
	}
	return m.Zone
}

// The messages of the commands.
type (
	sampled struct {
		query  Query
		sample *Sample
		err    error
	}
	ticked struct{}
	kicked struct {
		cid uint64
		err error
	}
	named struct{ ip, name string }
)

// query is what the view needs.
func (m *Model) query() Query {
	return Query{View: m.View, Sort: m.Sort, Limit: m.Limit, Subs: m.Subs, CID: m.cid}
}

// ask gets a sample, unless one is on its way.
func (m *Model) ask() tea.Cmd {
	if m.asking {
		return nil
	}
	m.asking = true
	ctx, src, q := m.ctx, m.Source, m.query()
	return func() tea.Msg {
		s, err := src.Sample(ctx, q)
		return sampled{q, s, err}
	}
}

func (m *Model) wait() tea.Cmd {
	return tea.Tick(m.Interval, func(time.Time) tea.Msg { return ticked{} })
}

// update changes the model by a message, and returns what is to be done next.
func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(msg.Width, 20), max(msg.Height, 10)
		m.clamp()
	case tea.KeyPressMsg:
		return m.key(msg.String(), msg.Key().Text)
	case sampled:
		m.asking = false
		m.take(msg.sample, msg.err)
		if msg.query.View != m.View || msg.query.CID != m.cid {
			return m.ask() // what was asked for before the view changed shows nothing of it
		}
		return tea.Batch(m.wait(), m.lookUp())
	case ticked:
		if m.paused {
			return m.wait()
		}
		return m.ask()
	case kicked:
		m.note = fmt.Sprintf("connection %d was ended", msg.cid)
		if msg.err != nil {
			m.note = fmt.Sprintf("connection %d: %s", msg.cid, msg.err)
		}
	case named:
		m.names[msg.ip] = msg.name
	}
	return nil
}

// take makes a sample the one that is shown, and works out the rates since the last one.
func (m *Model) take(s *Sample, err error) {
	m.err = err
	if err != nil {
		return
	}
	before := m.sample
	seconds := s.Server.Now.Sub(before.Server.Now).Seconds()
	same := before.Server.ID == s.Server.ID && seconds > 0
	if same {
		m.serverRates = s.Server.totals().per(before.Server.totals(), seconds)
		m.inMsgs.add(m.serverRates.inMsgs)
		m.outMsgs.add(m.serverRates.outMsgs)
		m.inBytes.add(m.serverRates.inBytes)
		m.outBytes.add(m.serverRates.outBytes)
		m.cpu.add(s.Server.CPU)
		m.conns.add(float64(s.Server.Connections))
	}
	m.connRates = change(same, seconds, before.Conns, s.Conns, func(c *Conn) (uint64, totals) { return c.CID, c.totals() })
	m.accountRates = change(same, seconds, before.Accounts, s.Accounts, func(a *Account) (string, totals) { return a.Name, a.totals() })
	m.routeRates = change(same, seconds, before.Routes, s.Routes, func(r *Route) (uint64, totals) { return r.RID, r.totals() })
	m.sample = s
	if at := slices.IndexFunc(m.table().rows, func(r row) bool { return r.cid == m.follow }); m.follow != 0 && at >= 0 {
		m.cursor = at
	}
	m.clamp()
}

// change works out the rates of the rows that two samples have.
func change[T any, K comparable](same bool, seconds float64, before, now []T, of func(*T) (K, totals)) map[K]rates {
	found := make(map[K]rates, len(now))
	if !same {
		return found
	}
	then := make(map[K]totals, len(before))
	for i := range before {
		k, t := of(&before[i])
		then[k] = t
	}
	for i := range now {
		k, t := of(&now[i])
		if old, ok := then[k]; ok {
			found[k] = t.per(old, seconds)
		}
	}
	return found
}

// lookUp asks for the names of hosts that are shown.
func (m *Model) lookUp() tea.Cmd {
	if !m.Lookup {
		return nil
	}
	var cmds []tea.Cmd
	for i := range m.sample.Conns {
		ip := m.sample.Conns[i].IP
		if _, known := m.names[ip]; known || ip == "" {
			continue
		}
		m.names[ip] = ""
		ctx := m.ctx
		cmds = append(cmds, func() tea.Msg {
			found, err := net.DefaultResolver.LookupAddr(ctx, ip)
			if err != nil || len(found) == 0 {
				return named{ip, ip}
			}
			return named{ip, strings.TrimSuffix(found[0], ".")}
		})
	}
	return tea.Batch(cmds...)
}

// clamp keeps the cursor on the table and the table on the screen.
func (m *Model) clamp() {
	n := len(m.table().rows)
	m.cursor = max(0, min(m.cursor, n-1))
	page := m.page()
	m.top = max(0, min(m.top, n-page))
	m.top = min(m.top, m.cursor)
	m.top = max(m.top, m.cursor-page+1)
}

// change to another view.
func (m *Model) show(v View) tea.Cmd {
	if v == m.View && v != Subscriptions {
		return nil
	}
	m.filters[m.View] = m.Filter
	m.View, m.Filter, m.cursor, m.top, m.follow, m.note = v, m.filters[v], 0, 0, 0, ""
	if v == Subscriptions {
		m.Filter = ""
	}
	return m.ask()
}

// key does what a key asks for.
func (m *Model) key(key, text string) tea.Cmd {
	switch {
	case key == "ctrl+c":
		return tea.Quit
	case m.prompt.kind != 0:
		return m.answer(key, text)
	case m.help:
		m.help = false
		return nil
	}
	m.note = ""
	switch key {
	case "q":
		return tea.Quit
	case "?", "h":
		m.help = true
	case "1", "2", "3", "4", "5":
		return m.show(View(key[0] - '1'))
	case "tab", "right":
		return m.show((min(m.View, Slow) + 1) % (Slow + 1))
	case "shift+tab", "left":
		return m.show((min(m.View, Slow) + Slow) % (Slow + 1))
	case "esc", "backspace":
		if m.View == Subscriptions {
			m.cid = 0
			return m.show(m.back)
		}
		m.Filter = ""
	case "enter":
		if cid := m.selected(); cid != 0 && (m.View == Connections || m.View == Slow) {
			m.cid, m.back = cid, m.View
			return m.show(Subscriptions)
		}
	case "up", "down", "pgup", "pgdown", "home", "end":
		m.move(key)
		m.clamp()
		m.follow = m.selected()
	case "k":
		m.askKick()
	default:
		return m.option(key)
	}
	m.clamp()
	return nil
}

// option switches what is shown and how.
func (m *Model) option(key string) tea.Cmd {
	switch key {
	case "o":
		m.prompt = prompt{kind: 'o', label: "sort by (" + strings.Join(SortKeys(), " ") + "): "}
	case "n":
		m.prompt = prompt{kind: 'n', label: "at most so many connections: "}
	case "/":
		m.prompt = prompt{kind: '/', label: "filter: ", text: m.Filter}
	case "r":
		m.Reverse = !m.Reverse
	case "s":
		m.Subs = !m.Subs
		return m.ask()
	case "d":
		m.Lookup = !m.Lookup
		return m.lookUp()
	case "b":
		m.Raw = !m.Raw
	case "space":
		m.Rates = !m.Rates
	case "p":
		m.paused = !m.paused
	case "+":
		m.Interval = min(m.Interval*2, time.Minute)
	case "-":
		m.Interval = max(m.Interval/2, 250*time.Millisecond)
	}
	m.clamp()
	return nil
}

func (m *Model) move(key string) {
	switch key {
	case "up":
		m.cursor--
	case "down":
		m.cursor++
	case "pgup":
		m.cursor -= m.page()
	case "pgdown":
		m.cursor += m.page()
	case "home":
		m.cursor = 0
	case "end":
		m.cursor = len(m.table().rows) - 1
	}
}

// selected is the connection that the cursor is on; 0 when it is on none.
func (m *Model) selected() uint64 {
	rows := m.table().rows
	if m.cursor < 0 || m.cursor >= len(rows) {
		return 0
	}
	return rows[m.cursor].cid
}

func (m *Model) askKick() {
	cid := m.selected()
	if m.View == Subscriptions {
		cid = m.cid
	}
	if cid == 0 {
		m.note = "choose a connection first"
		return
	}
	m.prompt = prompt{kind: 'k', label: fmt.Sprintf("kick connection %d? [y/N] ", cid), cid: cid}
}

// answer takes keys while there is a question.
func (m *Model) answer(key, text string) tea.Cmd {
	p := &m.prompt
	switch {
	case p.kind == 'k':
		cid := p.cid
		m.prompt = prompt{}
		if key != "y" && key != "Y" {
			m.note = "nothing was done"
			return nil
		}
		ctx, src := m.ctx, m.Source
		return func() tea.Msg { return kicked{cid, src.Kick(ctx, cid)} }
	case key == "esc":
		m.prompt = prompt{}
	case key == "enter":
		done := *p
		m.prompt = prompt{}
		return m.decide(done)
	case key == "backspace":
		if r := []rune(p.text); len(r) > 0 {
			p.text = string(r[:len(r)-1])
		}
	case text != "":
		p.text += text
	}
	if m.prompt.kind == '/' { // shows at once what it finds
		m.Filter = m.prompt.text
		m.clamp()
	}
	return nil
}

// decide does what was answered.
func (m *Model) decide(p prompt) tea.Cmd {
	text := strings.TrimSpace(p.text)
	switch p.kind {
	case 'o':
		if !slices.Contains(SortKeys(), text) {
			m.note = fmt.Sprintf("there is no order %q", text)
			return nil
		}
		m.Sort = text
		return m.ask()
	case 'n':
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			m.note = fmt.Sprintf("%q is no number of connections", text)
			return nil
		}
		m.Limit = n
		return m.ask()
	case '/':
		m.Filter = text
		m.clamp()
	}
	return nil
}
