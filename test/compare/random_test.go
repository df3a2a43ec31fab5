package compare

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestRandom gives both servers scripts made at random, from a fixed seed, out of everything that
// a client may say or get wrong.
func TestRandom(t *testing.T) {
	t.Parallel()
	n := 150
	if os.Getenv("NATSD_SOAK") == "1" {
		n = 20_000
	}
	p := startPair(t, "max_payload: 64\nmax_control_line: 256")
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		text := randomScript(r, i)
		if diff := p.diff(t, []step{{"a", text}}); diff != "" {
			t.Errorf("script %d: natsd (+) answers otherwise than the peer (-):\n%s\nscript: %q", i, diff, text)
			return
		}
	}
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// randomScript makes one connection's bytes. nr keeps queue groups of two scripts apart.
func randomScript(r *rand.Rand, nr int) string {
	var b strings.Builder
	if r.IntN(4) > 0 {
		fmt.Fprintf(&b, "CONNECT {\"verbose\":%v,\"pedantic\":%v,\"headers\":%v,\"echo\":%v}\r\n", r.IntN(3) == 0, r.IntN(3) == 0, r.IntN(3) > 0, r.IntN(6) > 0)
	}
	for range 1 + r.IntN(12) {
		b.WriteString(randomOp(r, nr))
	}
	return b.String()
}

// subjects has each kind of odd subject; a handful, so that publishers and subscribers meet.
func randomSubject(r *rand.Rand) string {
	return pick(r, "a", "a", "a.b", "a.b", "a.b.c", "b", "a.*", "*.b", "a.>", ">", "*", "a.*.c", "a..b", ".a", "a.", "a*", "a.>.b", "é.b", "A", "$x.y")
}

func randomOp(r *rand.Rand, nr int) string {
	gap := func() string { return pick(r, " ", " ", " ", " ", "  ", "\t", " \t ") }
	end := func() string { return pick(r, "\r\n", "\r\n", "\r\n", "\r\n", "\n", " \r\n") }
	verb := func(v string) string {
		if r.IntN(5) == 0 {
			return strings.ToLower(v)
		}
		return v
	}
	sid := fmt.Sprint(r.IntN(5))
	switch r.IntN(23) {
	case 0, 1, 2, 3, 4:
		return verb("SUB") + gap() + randomSubject(r) + gap() + sid + end()
	case 5, 6:
		return fmt.Sprintf("%s%s%s%sq%d-%s%s%s%s", verb("SUB"), gap(), randomSubject(r), gap(), nr, sid, gap(), sid, end())
	case 7:
		return verb("UNSUB") + gap() + sid + end()
	case 8:
		return verb("UNSUB") + gap() + sid + gap() + fmt.Sprint(r.IntN(3)) + end()
	case 9, 10, 11, 12, 13:
		body := strings.Repeat("x", r.IntN(20))
		return fmt.Sprintf("%s%s%s%s%d%s%s\r\n", verb("PUB"), gap(), randomSubject(r), gap(), len(body), end(), body)
	case 14, 15:
		body := strings.Repeat("y", r.IntN(20))
		return fmt.Sprintf("%s%s%s%sre.ply%s%d%s%s\r\n", verb("PUB"), gap(), randomSubject(r), gap(), gap(), len(body), end(), body)
	case 16, 17:
		head := pick(r, "NATS/1.0\r\n\r\n", "NATS/1.0\r\nA: b\r\n\r\n", "junk", "")
		body := strings.Repeat("z", r.IntN(9))
		return fmt.Sprintf("%s %s %d %d\r\n%s%s\r\n", verb("HPUB"), randomSubject(r), len(head), len(head)+len(body), head, body)
	case 18:
		return verb("PING") + pick(r, "", " x", "\t") + end()
	case 19:
		return verb("PONG") + end()
	case 20:
		return pick(r, "+OK\r\n", "INFO {}\r\n", "PUB a 3\r\nabcd\r\n", "PUB a 65\r\n", "SUB a\r\n", "PUB a\r\n", "\r\n", "XYZ\r\n", "UNSUB\r\n", "UNSUB 1 x\r\n", "PUB a x\r\n")
	}
	return verb("PUB") + gap() + randomSubject(r) + gap() + "002" + "\r\nok\r\n"
}
