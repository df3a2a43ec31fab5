package transcript

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Script is a parsed recording.
type Script struct {
	Number string // "001"
	Name   string // file name without its ending
	Title  string
	Dir    string // directory of the recording; its conf/ holds the configurations
	Steps  []Step
}

// Op is the kind of a step.
type Op int

// The kinds of steps.
const (
	OpStart Op = iota
	OpStop
	OpReload
	OpSignal
	OpConnect
	OpTLS
	OpClose
	OpWait
	OpSend
	OpExpect  // a frame arrives
	OpNothing // nothing arrives
	OpEOF     // the server closes
	OpReason  // connz shows a reason
	OpComment
)

// Step is one thing that a replay does or expects.
type Step struct {
	Op   Op
	Line int    // in the file, 1-based
	Conn string // connection name, may be empty
	Arg  string // server name, port placeholder, certificate, reason or comment
	File string // configuration of OpStart and OpReload, "ldm" or "term" of OpSignal
	Wait time.Duration
	Send []Chunk
	Want Want
}

// Chunk is a piece to send. Placeholders are not yet replaced.
type Chunk struct {
	Text string // unescaped
	Bulk bool   // Text describes the data in words
	Raw  bool   // no CR LF is added
}

// Want is a frame that must arrive: a control line, with header and body lines for messages.
type Want struct {
	Line   string
	Header []string // nil for MSG; without the empty line that ends it
	Body   string
	HasEnd bool // the header block ends in an empty line
}

// Text returns the frame as the recording has it.
func (w Want) Text() string {
	lines := append([]string{w.Line}, w.Header...)
	if w.HasEnd {
		lines = append(lines, "")
	}
	if isMessage(w.Line) {
		lines = append(lines, w.Body)
	}
	return strings.Join(lines, "\n")
}

func isMessage(line string) bool {
	return strings.HasPrefix(line, "MSG ") || strings.HasPrefix(line, "HMSG ")
}

var (
	lineForm   = regexp.MustCompile(`^([CSR])(?:\[(\w+)\])?([:~*!]) ?(.*)$`)
	actionForm = regexp.MustCompile(`^-- (\w+)(?:\[(\w+)\])?(?: (.*))?$`)
)

// Load parses the recording at path.
func Load(path string) (*Script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", filepath.Base(path), err)
	}
	s.Name = strings.TrimSuffix(filepath.Base(path), ".txt")
	s.Number, _, _ = strings.Cut(s.Name, "-")
	s.Dir = filepath.Dir(path)
	return s, nil
}

// Parse parses the text of a recording. Errors begin with the line number.
func Parse(text string) (*Script, error) {
	p := parser{script: &Script{}, open: map[string]*message{}}
	head := true
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if head {
			if line == "" {
				head = false
			} else if title, ok := strings.CutPrefix(line, "# title: "); ok {
				p.script.Title = title
			}
			continue
		}
		if err := p.line(i+1, line); err != nil {
			return nil, fmt.Errorf("%d: %w", i+1, err)
		}
	}
	for name, m := range p.open {
		return nil, fmt.Errorf("%d: the message on connection %q is not complete", p.script.Steps[m.step].Line, name)
	}
	return p.script, nil
}

type parser struct {
	script *Script
	open   map[string]*message // messages whose lines are not all read, by connection
}

// message is an expected message that still collects lines.
type message struct {
	step          int
	lines         []string
	header, total int // sizes, -1 when the recording leaves them open
}

func (p *parser) line(n int, text string) error {
	switch {
	case strings.HasPrefix(text, "#"):
		p.add(Step{Op: OpComment, Line: n, Arg: strings.TrimSpace(text[1:])})
		return nil
	case strings.HasPrefix(text, "-- "):
		return p.action(n, text)
	}
	m := lineForm.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("not a line of a recording: %q", text)
	}
	conn, rest := m[2], m[4]
	switch m[1] + m[3] {
	case "C:", "C~":
		t, err := unescape(rest)
		if err != nil {
			return err
		}
		p.send(n, conn, Chunk{Text: t, Raw: m[3] == "~"})
	case "C*":
		p.send(n, conn, Chunk{Text: rest, Bulk: true, Raw: true})
	case "S:":
		t, err := unescape(rest)
		if err != nil {
			return err
		}
		return p.want(n, conn, t)
	case "S!":
		op, ok := map[string]Op{"nothing": OpNothing, "eof": OpEOF}[rest]
		if !ok {
			return fmt.Errorf("unknown expectation %q", rest)
		}
		p.add(Step{Op: op, Line: n, Conn: conn})
	case "R:":
		p.add(Step{Op: OpReason, Line: n, Conn: conn, Arg: rest})
	default:
		return fmt.Errorf("unknown kind of line %q", m[1]+m[3])
	}
	return nil
}

func (p *parser) add(s Step) { p.script.Steps = append(p.script.Steps, s) }

// send joins consecutive lines of one connection: they were one write.
func (p *parser) send(n int, conn string, c Chunk) {
	if last := len(p.script.Steps) - 1; last >= 0 {
		if s := &p.script.Steps[last]; s.Op == OpSend && s.Conn == conn {
			s.Send = append(s.Send, c)
			return
		}
	}
	p.add(Step{Op: OpSend, Line: n, Conn: conn, Send: []Chunk{c}})
}

func (p *parser) want(n int, conn, text string) error {
	if m := p.open[conn]; m != nil {
		m.lines = append(m.lines, text)
		done, err := m.complete()
		if err != nil || !done {
			return err
		}
		m.fill(&p.script.Steps[m.step].Want)
		delete(p.open, conn)
		return nil
	}
	p.add(Step{Op: OpExpect, Line: n, Conn: conn, Want: Want{Line: text}})
	if isMessage(text) {
		m, err := newMessage(text)
		if err != nil {
			return err
		}
		m.step = len(p.script.Steps) - 1
		p.open[conn] = m
	}
	return nil
}

func newMessage(line string) (*message, error) {
	m := &message{header: 0}
	words := strings.Fields(line)
	size := func(word string) (int, error) {
		if word == "<len>" || word == "<hlen>" {
			return -1, nil
		}
		return strconv.Atoi(word)
	}
	var err error
	if m.total, err = size(words[len(words)-1]); err != nil {
		return nil, fmt.Errorf("size of %q: %w", line, err)
	}
	if words[0] == "HMSG" {
		if m.header, err = size(words[len(words)-2]); err != nil {
			return nil, fmt.Errorf("header size of %q: %w", line, err)
		}
	}
	return m, nil
}

// complete reports whether all lines of the message are there. With open sizes a body is one line.
func (m *message) complete() (bool, error) {
	if m.total < 0 {
		if m.header == 0 {
			return true, nil
		}
		end := indexOf(m.lines, "")
		return end >= 0 && len(m.lines) > end+1, nil
	}
	got := len(strings.Join(m.lines, "\r\n"))
	if got > m.total {
		return false, fmt.Errorf("the message has %d bytes or more, its line says %d", got, m.total)
	}
	return got == m.total, nil
}

func (m *message) fill(w *Want) {
	if m.header == 0 {
		w.Body = strings.Join(m.lines, "\r\n")
		return
	}
	if end := indexOf(m.lines, ""); end >= 0 {
		w.Header, w.HasEnd = m.lines[:end], true
		w.Body = strings.Join(m.lines[end+1:], "\r\n")
		return
	}
	all := strings.Join(m.lines, "\r\n")
	w.Header, w.Body = []string{all[:m.header]}, all[m.header:]
}

func indexOf(lines []string, text string) int {
	for i, l := range lines {
		if l == text {
			return i
		}
	}
	return -1
}

func (p *parser) action(n int, text string) error {
	m := actionForm.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("not an action: %q", text)
	}
	verb, conn, args := m[1], m[2], strings.Fields(m[3])
	s := Step{Line: n, Conn: conn}
	need := 1
	switch verb {
	case "start":
		s.Op, need = OpStart, 2
	case "stop":
		s.Op = OpStop
	case "reload":
		s.Op, need = OpReload, 2
	case "signal":
		s.Op, need = OpSignal, 2
	case "connect":
		s.Op = OpConnect
	case "tls":
		s.Op, need = OpTLS, len(args)
	case "close":
		s.Op, need = OpClose, 0
	case "wait":
		s.Op = OpWait
	default:
		return fmt.Errorf("unknown action %q", verb)
	}
	if len(args) != need || len(args) > 2 {
		return fmt.Errorf("action %q with %d words, want %d", verb, len(args), need)
	}
	if len(args) > 0 {
		s.Arg = args[0]
	}
	if len(args) > 1 {
		s.File = args[1]
	}
	var err error
	switch s.Op {
	case OpTLS:
		s.Arg = strings.TrimPrefix(s.Arg, "cert=")
	case OpWait:
		s.Wait, err = time.ParseDuration(s.Arg)
	}
	p.add(s)
	return err
}

// unescape resolves \\, \t, \r, \n and \xHH.
func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return "", fmt.Errorf("escape without a letter in %q", s)
		}
		switch s[i] {
		case '\\':
			b.WriteByte('\\')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		case 'x':
			if i+2 >= len(s) {
				return "", fmt.Errorf("short \\x escape in %q", s)
			}
			v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", fmt.Errorf("escape in %q: %w", s, err)
			}
			b.WriteByte(byte(v))
			i += 2
		default:
			return "", fmt.Errorf("unknown escape \\%c in %q", s[i], s)
		}
	}
	return b.String(), nil
}

var (
	repeat  = regexp.MustCompile(`<(\d+) x "(.)">`)
	lineEnd = regexp.MustCompile(` ?CRLF ?`)
	times   = regexp.MustCompile(`^(\d+) times \((.*)\)(?:, then (.*))?$`)
)

// bulk turns the description of bulk data into the data.
func bulk(text string) string {
	if m := times.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		return strings.Repeat(bulk(m[2]), n) + bulk(m[3])
	}
	text = repeat.ReplaceAllStringFunc(text, func(r string) string {
		m := repeat.FindStringSubmatch(r)
		n, _ := strconv.Atoi(m[1])
		return strings.Repeat(m[2], n)
	})
	return lineEnd.ReplaceAllString(text, "\r\n")
}
