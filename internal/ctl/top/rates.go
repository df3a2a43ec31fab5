package top

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// rates is how much passes in a second.
type rates struct{ inMsgs, outMsgs, inBytes, outBytes float64 }

// totals is how much has passed so far.
type totals struct{ inMsgs, outMsgs, inBytes, outBytes int64 }

// per makes rates of the difference of two totals. Counters that went back belong to another server.
func (t totals) per(before totals, seconds float64) rates {
	rate := func(now, then int64) float64 {
		if seconds <= 0 || now < then {
			return 0
		}
		return float64(now-then) / seconds
	}
	return rates{
		rate(t.inMsgs, before.inMsgs), rate(t.outMsgs, before.outMsgs),
		rate(t.inBytes, before.inBytes), rate(t.outBytes, before.outBytes),
	}
}

func (s *Server) totals() totals { return totals{s.InMsgs, s.OutMsgs, s.InBytes, s.OutBytes} }
func (c *Conn) totals() totals   { return totals{c.InMsgs, c.OutMsgs, c.InBytes, c.OutBytes} }
func (r *Route) totals() totals  { return totals{r.InMsgs, r.OutMsgs, r.InBytes, r.OutBytes} }
func (a *Account) totals() totals {
	return totals{a.Received.Msgs, a.Sent.Msgs, a.Received.Bytes, a.Sent.Bytes}
}

// keep is how many samples of a rate are remembered, for the sparklines.
const keep = 120

// history remembers the last values of something, oldest first.
type history []float64

func (h *history) add(v float64) {
	*h = append(*h, v)
	if len(*h) > keep {
		*h = slices.Delete(*h, 0, len(*h)-keep)
	}
}

var bars = []rune("▁▂▃▄▅▆▇█")

// spark draws the last values in so many cells, the highest one full.
func (h history) spark(width int) string {
	if width <= 0 || len(h) == 0 {
		return ""
	}
	shown := h[max(0, len(h)-width):]
	top := slices.Max(shown)
	var b strings.Builder
	for range width - len(shown) {
		b.WriteByte(' ')
	}
	for _, v := range shown {
		i := 0
		if top > 0 {
			i = min(int(v/top*float64(len(bars))), len(bars)-1)
		}
		b.WriteRune(bars[i])
	}
	return b.String()
}

// lasting reads a time as monitoring shows it, such as "1d2h3m4s" or "154µs"; what it cannot read is 0.
func lasting(text string) time.Duration {
	var total time.Duration
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"y", 365 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		if n, rest, ok := strings.Cut(text, unit.letter); ok {
			count, err := strconv.Atoi(n)
			if err != nil {
				return 0
			}
			total += time.Duration(count) * unit.length
			text = rest
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return total + d
}
