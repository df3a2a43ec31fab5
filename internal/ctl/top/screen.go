package top

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"natsd/internal/ctl/output"
)

// headLines is how many lines stand above the table and below it.
const headLines, footLines = 7, 1

// page is how many rows of a table are shown.
func (m *Model) page() int { return max(1, m.height-headLines-footLines-1) }

// style marks a text: 1 bold, 2 dim, 7 reversed, 3x coloured. A terminal without colours has the others.
func (m *Model) style(code, text string) string {
	if !m.Color && (!m.attributes || code[0] == '3') {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Text is the screen as lines.
func (m *Model) Text() string {
	lines := m.head()
	if m.help {
		lines = append(lines, helpLines()...)
	} else {
		lines = append(lines, m.body()...)
	}
	room := m.height - footLines
	for len(lines) < room {
		lines = append(lines, "")
	}
	lines = append(lines[:room], m.foot())
	for i, l := range lines {
		lines[i] = ansi.Truncate(l, m.width, "…")
	}
	return strings.Join(lines, "\n")
}

// head tells of the server, as nats-top does, and of the views.
func (m *Model) head() []string {
	s := &m.sample.Server
	if s.ID == "" {
		first := "natsctl top: waiting for the server"
		if m.err != nil {
			first = "natsctl top: " + m.err.Error()
		}
		return []string{first, "", "", "", "", m.tabs(), ""}
	}
	name := output.Clean(s.Name)
	if s.Name == s.ID {
		name = s.ID
	}
	state := ""
	if m.paused {
		state = "  (paused)"
	}
	lines := []string{
		fmt.Sprintf("NATS server version %s (uptime: %s)%s%s", output.Clean(s.Version), s.Uptime, state, m.trouble()),
		fmt.Sprintf("Server: %s   Connections: %d of %d   Subscriptions: %s", m.style("1", name), s.Connections, s.MaxConns, m.count(float64(s.Subscriptions))),
		fmt.Sprintf("Load: CPU: %.1f%%  Memory: %s  Slow Consumers: %d  Routes: %d  Leafs: %d", s.CPU, m.bytes(float64(s.Mem)), s.Slow, s.Routes, s.Leafnodes),
		m.flow("In: ", s.InMsgs, s.InBytes, m.serverRates.inMsgs, m.serverRates.inBytes, m.inMsgs),
		m.flow("Out:", s.OutMsgs, s.OutBytes, m.serverRates.outMsgs, m.serverRates.outBytes, m.outMsgs),
		m.tabs(),
		"",
	}
	if m.Filter != "" && m.prompt.kind != '/' {
		lines[6] = "filter: " + output.Clean(m.Filter)
	}
	return lines
}

// trouble says that what is shown is old.
func (m *Model) trouble() string {
	if m.err == nil {
		return ""
	}
	return "  " + m.style("31", "ERR "+output.Clean(m.err.Error()))
}

// flow is a line of traffic, with a sparkline of the messages in what room there is.
func (m *Model) flow(name string, msgs, bytes int64, msgRate, byteRate float64, h history) string {
	line := fmt.Sprintf("%s Msgs: %-7s Bytes: %-7s Msgs/Sec: %-8s Bytes/Sec: %-8s", name,
		m.count(float64(msgs)), m.bytes(float64(bytes)), fmt.Sprintf("%.1f", msgRate), m.bytes(byteRate))
	return line + " " + m.style("36", h.spark(min(40, m.width-ansi.StringWidth(line)-1)))
}

// tabs names the views, the shown one marked.
func (m *Model) tabs() string {
	parts := make([]string, len(viewNames))
	for i, name := range viewNames {
		text := fmt.Sprintf(" %d %s ", i+1, name)
		if View(i) == m.View {
			text = m.style("7", "["+text[1:len(text)-1]+"]")
		}
		parts[i] = text
	}
	line := strings.Join(parts, " ")
	if m.View == Subscriptions {
		line += " " + m.style("7", fmt.Sprintf("[subjects of %d]", m.cid))
	}
	return line
}

// body is the table of the view, or the curves of the server.
func (m *Model) body() []string {
	if m.View == Overview {
		return m.overview()
	}
	t := m.table()
	cells := make([][]string, len(t.rows))
	for i, r := range t.rows {
		cells[i] = r.cells
	}
	columns, cells := output.Trim(t.columns, cells)
	lines := output.Lines(columns, cells, m.width)
	lines[0] = m.style("1", lines[0])
	if len(t.rows) == 0 {
		return append(lines, m.style("2", m.nothing()))
	}
	first := m.top + 1
	shown := lines[first:min(len(lines), first+m.page())]
	out := slices.Concat(lines[:1], shown)
	if at := m.cursor - m.top + 1; at > 0 && at < len(out) {
		mark := out[at] + strings.Repeat(" ", max(0, m.width-ansi.StringWidth(out[at])))
		out[at] = m.style("7", mark)
	}
	return out
}

// nothing says why a table is empty.
func (m *Model) nothing() string {
	if m.Filter != "" {
		return "nothing passes the filter"
	}
	return map[View]string{
		Connections: "no connections", Accounts: "no accounts", Routes: "no routes", Slow: "nobody lags", Subscriptions: "no subscriptions",
	}[m.View]
}

// overview draws what the server does over time.
func (m *Model) overview() []string {
	width := max(10, m.width-34)
	curve := func(name, now string, h history) string {
		return fmt.Sprintf("%-16s %12s  %s", name, now, m.style("36", h.spark(min(width, keep))))
	}
	s := &m.sample.Server
	return []string{
		curve("messages in/s", fmt.Sprintf("%.1f", m.serverRates.inMsgs), m.inMsgs), "",
		curve("messages out/s", fmt.Sprintf("%.1f", m.serverRates.outMsgs), m.outMsgs), "",
		curve("bytes in/s", m.bytes(m.serverRates.inBytes), m.inBytes), "",
		curve("bytes out/s", m.bytes(m.serverRates.outBytes), m.outBytes), "",
		curve("CPU", fmt.Sprintf("%.1f%%", s.CPU), m.cpu), "",
		curve("connections", strconv.Itoa(s.Connections), m.conns), "",
		fmt.Sprintf("connections so far: %d  stalled: %d  configuration of %s",
			s.TotalConns, s.Stalled, s.ConfigLoaded.In(m.zone()).Format("2006-01-02 15:04:05")),
	}
}

// foot is the last line: a question, a note, or the keys.
func (m *Model) foot() string {
	switch {
	case m.prompt.kind == 'o':
		return m.prompt.label + m.prompt.text + "_"
	case m.prompt.kind != 0:
		return m.prompt.label + m.prompt.text + "_"
	case m.note != "":
		return output.Clean(m.note)
	}
	order := ""
	if m.View == Connections {
		order = "sort: " + m.Sort
		if m.Reverse {
			order += " reversed"
		}
		order += "  "
	}
	return m.style("2", order+m.Interval.String()+"  ? help  o sort  / filter  enter subs  k kick  q quit")
}

func helpLines() []string {
	return []string{
		"1-5, tab     server, connections, accounts, routes, slow consumers",
		"up, down     choose a line; pgup, pgdown, home, end",
		"enter        subscriptions of the connection; esc goes back",
		"o KEY        sort connections; r turns the order around",
		"n NUMBER     at most so many connections",
		"/ WORDS      only lines that hold all words; esc shows all",
		"k            kick the connection, after a question",
		"space        per second in place of totals",
		"s            with subjects          b  numbers as they are",
		"d            names of hosts         p  pause",
		"+ -          slower, faster         q  quit",
		"",
		"any key goes back",
	}
}

// view is the screen for the terminal.
func (m *Model) view() tea.View {
	v := tea.NewView(m.Text())
	v.AltScreen = true
	v.WindowTitle = "natsctl top"
	return v
}
