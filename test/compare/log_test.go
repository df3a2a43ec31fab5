package compare

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"natsd/test/harness"
)

var (
	lineHead = regexp.MustCompile(`^\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} `)
	varying  = regexp.MustCompile(`127\.0\.0\.1:\d+ - cid:\d+|rtt: \S+`)
)

// otherwise are lines that the two servers write in different words, and why.
var otherwise = []struct {
	why         string
	natsd, peer *regexp.Regexp
}{
	{"2.9.10 tells about its own runtime", never, regexp.MustCompile(`\[DBG\] maxprocs: `)},
	{"the peer names states of its parser", regexp.MustCompile(`- Unknown Protocol Operation$`), regexp.MustCompile(`Client parser ERROR, `)},
	{"the peer names functions of its parser", regexp.MustCompile(`- Protocol error: `), regexp.MustCompile(`- processPub `)},
	{"a line that cannot be used is not traced", never, regexp.MustCompile(`<<- \[PUB foo (5|x)\]`)},
	{"the decoder stops before it knows the size", regexp.MustCompile(`maximum payload exceeded: more than \d+`), regexp.MustCompile(`maximum payload exceeded: \d+ vs \d+`)},
	{"the peer names states of its parser", regexp.MustCompile(`exceeded: max_control_line \d+$`), regexp.MustCompile(`exceeded: State `)},
	{"natsd tells the reason, as later releases do", regexp.MustCompile(`\[DBG\].* - Authentication failed: `), never},
	{"later releases name the user", regexp.MustCompile(`authentication error - User "u"$`), regexp.MustCompile(`authentication error$`)},
	{"see above", regexp.MustCompile(`authentication error$`), never},
}

// never matches nothing.
var never = regexp.MustCompile(`$^x`)

// logged plays a script and returns the lines that the server wrote about it, without what differs
// from run to run.
func logged(t *testing.T, s *harness.Server, steps []step) []string {
	t.Helper()
	const ready = "Server is ready"
	if _, err := play(s.Addr, steps, shortSilence); err != nil {
		t.Fatal(err)
	}
	// The clients are gone when the log says so; then it is quiet.
	last := ""
	harness.Eventually(3*time.Second, func() bool {
		text := s.Log.String()
		same := text == last
		last = text
		if !same {
			time.Sleep(200 * time.Millisecond)
		}
		return same
	})
	_, after, _ := strings.Cut(last, ready+"\n")
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(after), "\n") {
		if !lineHead.MatchString(line) {
			t.Errorf("%s: not the form of a log line: %q", s.Kind, line)
		}
		lines = append(lines, varying.ReplaceAllString(lineHead.ReplaceAllString(line, ""), "*"))
	}
	return lines
}

// endsLast moves the ends of subscriptions behind everything else: whether they come before or after
// the end of their connection is open.
func endsLast(lines []string) []string {
	slices.SortStableFunc(lines, func(a, b string) int {
		return strings.Count(a, "[DELSUB ") - strings.Count(b, "[DELSUB ")
	})
	return lines
}

// TestLogLines compares what both servers log, with tracing, about the same conversations.
func TestLogLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, conf, script string
	}{
		{name: "conversation", script: `
			a> CONNECT {"verbose":false,"pedantic":false,"headers":true,"name":"cl","lang":"go","version":"1.0"}
			a> SUB a.b 1
			a> SUB a.c q 2
			a> PUB a.b r 2
			a> hi
			a> HPUB a.b 12 14
			a> NATS/1.0
			a> 
			a> hi
			a> UNSUB 1
			a> UNSUB 2 4
			a> SUB x..y 5`},
		{name: "verbose", script: `
			a> CONNECT {"verbose":true,"user":"u","pass":"secret"}
			a> SUB a 1
			a> PUB a 1
			a> x`},
		{name: "unknown verb", script: quietConnect + "a> FOO"},
		{name: "bad size", script: quietConnect + "a> PUB foo x"},
		{name: "payload", conf: "max_payload: 4", script: quietConnect + "a> PUB foo 5"},
		{name: "line", conf: "max_control_line: 32", script: "a> SUB aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1"},
		{name: "wrong password", conf: "authorization { user: u, password: p }", script: `a> CONNECT {"user":"u","pass":"x"}`},
		{name: "no password", conf: "authorization { user: u, password: p }", script: `a> SUB x 1`},
		{name: "violations", conf: `authorization { users: [ {user: u, password: p, permissions: {publish: a, subscribe: a}} ] }`, script: `
			a> CONNECT {"verbose":false,"user":"u","pass":"p"}
			a> PUB b 0
			a> 
			a> SUB b 1
			a> SUB b q 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startPair(t, "debug: true\ntrace: true\n"+c.conf)
			steps := script(t, c.script)
			natsd, peer := logged(t, p.natsd, steps), logged(t, p.peer, steps)
			for _, o := range otherwise {
				natsd, peer = slices.DeleteFunc(natsd, o.natsd.MatchString), slices.DeleteFunc(peer, o.peer.MatchString)
			}
			if diff := cmp.Diff(endsLast(peer), endsLast(natsd)); diff != "" {
				t.Errorf("natsd (+) logs otherwise than the peer (-):\n%s", diff)
			}
		})
	}
}
