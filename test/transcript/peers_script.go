package transcript

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// peerOp is the kind of a step of a recording between servers.
type peerOp int

const (
	peerOpen    peerOp = iota // from opens a connection to to
	peerClose                 // from closes it
	peerLine                  // from sends a line, with its body if it is a message
	peerSend                  // a client sends
	peerReceive               // a client receives
	peerGone                  // a client disconnects
	peerNote                  // something else happens, in words
)

// peerStep is one thing that happens in a recording between servers.
type peerStep struct {
	op       peerOp
	at       int // line of the file
	from, to string
	conn     int
	packed   bool // inside an S2 stream
	text     string
	body     string // escaped
	user     string // of a client
}

var (
	peerOpenForm    = regexp.MustCompile(`^--\[(\d+)\]: TCP connection opened by (\w+) to (\w+)$`)
	peerCloseForm   = regexp.MustCompile(`^--\[(\d+)\]: (\w+) closed its side$`)
	peerLineForm    = regexp.MustCompile(`^([A-Z])>([A-Z])(z?)\[(\d+)\]: (.*)$`)
	peerSendForm    = regexp.MustCompile(`^# client (\w+)(?:\((\w+)\))? sends: (.*)$`)
	peerReceiveForm = regexp.MustCompile(`^# client (\w+)(?:\((\w+)\))? on (\w+) receives: (.*)$`)
	peerGoneForm    = regexp.MustCompile(`^# client (\w+)(?:\((\w+)\))? disconnects$`)
)

// loadPeers reads a recording between servers.
func loadPeers(path string) ([]peerStep, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var out []peerStep
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSuffix(lines.Text(), "\n")
		s := peerStep{at: n, op: peerNote, text: strings.TrimPrefix(text, "# ")}
		switch m := []string(nil); {
		case text == "":
			continue
		case match(peerOpenForm, text, &m):
			s.op, s.conn, s.from, s.to = peerOpen, toInt(m[1]), m[2], m[3]
		case match(peerCloseForm, text, &m):
			s.op, s.conn, s.from = peerClose, toInt(m[1]), m[2]
		case match(peerLineForm, text, &m):
			s.op, s.from, s.to, s.packed, s.conn, s.text = peerLine, m[1], m[2], m[3] != "", toInt(m[4]), m[5]
			if strings.HasPrefix(m[5], "(S2 stream") {
				continue
			}
			if body, ok := strings.CutPrefix(m[5], "  "); ok && len(out) > 0 {
				out[len(out)-1].body = body
				continue
			}
		case match(peerSendForm, text, &m):
			s.op, s.from, s.user, s.text = peerSend, m[1], m[2], m[3]
		case match(peerReceiveForm, text, &m):
			s.op, s.from, s.user, s.to, s.text = peerReceive, m[1], m[2], m[3], m[4]
		case match(peerGoneForm, text, &m):
			s.op, s.from, s.user = peerGone, m[1], m[2]
		case !strings.HasPrefix(text, "#"):
			return nil, fmt.Errorf("%s:%d: not understood: %s", path, n, text)
		}
		out = append(out, s)
	}
	return out, lines.Err()
}

func match(form *regexp.Regexp, text string, into *[]string) bool {
	*into = form.FindStringSubmatch(text)
	return *into != nil
}

func toInt(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// unescape turns \r, \n and the like into what they stand for.
func unquote(text string) string {
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	if err != nil {
		return text
	}
	return out
}
