package client

import (
	"fmt"
	"strings"
)

// What a few clients do, one thing after the other: the script of the model test. It is decoded from
// bytes, so that a fuzzer can make it.

// deedKind is what a client does.
type deedKind uint8

const (
	doConnect deedKind = iota
	doSub
	doUnsub
	doPub
	doPing
)

// deed is one operation of a client.
type deed struct {
	kind deedKind

	user                                           string // of CONNECT, and what it asks for
	verbose, pedantic, echo, headers, noResponders bool

	subject, queue, sid string
	max                 int // of UNSUB

	id     int // of the message
	reply  string
	header string // block of HPUB
	hpub   bool
	body   string
}

// text is the operation as it is sent.
func (d *deed) text() string {
	switch d.kind {
	case doConnect:
		return fmt.Sprintf("CONNECT {\"user\":%q,\"pass\":\"p\",\"verbose\":%v,\"pedantic\":%v,\"echo\":%v,\"headers\":%v,\"no_responders\":%v}\r\n",
			d.user, d.verbose, d.pedantic, d.echo, d.headers, d.noResponders)
	case doSub:
		return "SUB " + words(d.subject, d.queue, d.sid) + "\r\n"
	case doUnsub:
		if d.max > 0 {
			return fmt.Sprintf("UNSUB %s %d\r\n", d.sid, d.max)
		}
		return "UNSUB " + d.sid + "\r\n"
	case doPub:
		if d.hpub {
			return fmt.Sprintf("HPUB %s %d %d\r\n%s%s\r\n", words(d.subject, d.reply), len(d.header), d.size(), d.header, d.body)
		}
		return fmt.Sprintf("PUB %s %d\r\n%s\r\n", words(d.subject, d.reply), d.size(), d.body)
	default:
		return "PING\r\n"
	}
}

// size is that of header and body.
func (d *deed) size() int { return len(d.header) + len(d.body) }

// words joins those that are not empty.
func words(all ...string) string { return strings.Join(strings.Fields(strings.Join(all, " ")), " ") }

// step is what one client says at once, or something that happens to it or to all.
type step struct {
	who   int
	hello deed // what it says first if it has to connect anew
	deeds []deed
	cuts  []int // lengths of the reads that the bytes come in, the last of which repeats; none is one read

	leave  bool // the client goes
	tap    bool // client 0 stops to read, or goes on
	reload bool
	set    int // of settings, that reload puts in force
}

// script is a world and what happens in it.
type script struct {
	set   int // of settings
	steps []step
}

// Bounds of a script.
const (
	actors     = 4
	maxSteps   = 60
	maxDeeds   = 8
	longestRun = 80 // more than a run holds
)

// source reads decisions from bytes; behind their end all decisions are 0.
type source []byte

// upTo returns a number below n.
func (s *source) upTo(n int) int {
	if len(*s) == 0 {
		return 0
	}
	b := int((*s)[0])
	*s = (*s)[1:]
	return b % n
}

func (s *source) of(all ...string) string { return all[s.upTo(len(all))] }

// decode makes a script of bytes.
func decode(text []byte, sets int) *script {
	in, id := source(text), 0
	out := &script{set: in.upTo(sets)}
	for len(in) > 0 && len(out.steps) < maxSteps {
		s := step{who: in.upTo(actors)}
		switch what := in.upTo(16); what {
		case 0:
			s.reload, s.set = true, in.upTo(sets)
		case 1, 2, 3:
			s.tap = true
		case 4:
			s.leave = true
		default:
			s.hello = in.connect()
			for range 1 + in.upTo(maxDeeds) {
				s.deeds = append(s.deeds, in.deeds(s.who, &id)...)
			}
			for range in.upTo(4) {
				s.cuts = append(s.cuts, 1+in.upTo(256)*in.upTo(32))
			}
		}
		out.steps = append(out.steps, s)
	}
	return out
}

func (s *source) connect() deed {
	how := s.upTo(256)
	d := deed{
		kind: doConnect, user: s.of("free", "free", "some", "some", "srv", "other"),
		verbose: how%16 == 0, pedantic: how/2%16 == 3, echo: how/4%4 != 0, headers: how/8%4 != 0,
	}
	d.noResponders = d.headers && how/32%2 != 0
	return d
}

// deeds returns what comes next: mostly one deed, or a run of messages.
func (s *source) deeds(who int, id *int) []deed {
	switch what := s.upTo(16); {
	case what == 0:
		return []deed{s.connect()}
	case what == 1:
		return []deed{{kind: doPing}}
	case what <= 4:
		return []deed{s.subscribe(who)}
	case what <= 6:
		return []deed{{kind: doUnsub, sid: fmt.Sprint(1 + s.upTo(8)), max: s.upTo(8) * s.upTo(8)}}
	default:
		return s.messages(id)
	}
}

// subscribe is a SUB. The client that may stop to read has one subscription per group at most, so that it
// is clear which one took a message that nobody will ever see.
func (s *source) subscribe(who int) deed {
	d := deed{
		kind:    doSub,
		subject: s.of("a", "b", "a.a", "a.b", "b.a", "a.*", "*", ">", "*.a", "a.>", "*.*", "b.a.>", "in.*", "in.1", "a..b", "a.>.b"),
		queue:   s.of("", "", "q", "q", "r", "q.1", "_sys_"), sid: fmt.Sprint(1 + s.upTo(8)),
	}
	if who == 0 {
		d.sid = map[string]string{"": fmt.Sprint(1 + s.upTo(4)), "q": "6", "r": "7", "q.1": "8"}[d.queue]
		if d.sid == "" {
			d.sid = "5"
		}
	}
	return d
}

// messages is a run of messages on one subject, with bodies that tell them apart.
func (s *source) messages(id *int) []deed {
	subject := s.of("a", "a", "b", "a.a", "a.b", "b.a", "a.b.a", "in.1", "in.2", "a.*", "a..b", "_GR_.x", "$NRG.x")
	reply := s.of("", "", "", "in.1", "in.2", "in.1", "a.a", "_R_.x", "$JS.ACK.x")
	n := s.upTo(12)
	if n == 11 {
		n = s.upTo(longestRun)
	}
	size, form := s.upTo(10), s.upTo(8)
	var out []deed
	for i := range 1 + n {
		*id++
		d := deed{kind: doPub, subject: subject, reply: reply, id: *id, body: fmt.Sprintf("#%d|", *id)}
		if i%3 == 2 && form&4 != 0 {
			d.reply = ""
		}
		if form&3 == 3 {
			d.hpub = true
			if i%5 != 4 {
				d.header = "NATS/1.0\r\nA: b\r\n\r\n"
			}
		}
		if more := []int{0, 0, 0, 9, 100, 1023, 1025, 1042, 2500, 2500}[size] - d.size(); more > 0 {
			d.body += strings.Repeat(string(rune('a'+d.id%26)), more)
		}
		out = append(out, d)
	}
	return out
}

// String shows a script for people.
func (s *script) String() string {
	out := fmt.Sprintf("scene %d\n", s.set)
	for i := range s.steps {
		x := &s.steps[i]
		out += fmt.Sprintf("%d: client %d ", i, x.who)
		switch {
		case x.reload:
			out += fmt.Sprintf("reload %d\n", x.set)
		case x.tap:
			out += "turns the tap\n"
		case x.leave:
			out += "leaves\n"
		default:
			out += fmt.Sprintf("in reads of %v, after %.90q\n", x.cuts, x.hello.text())
			for k := range x.deeds {
				out += fmt.Sprintf("\t%.90q\n", x.deeds[k].text())
			}
		}
	}
	return out
}
