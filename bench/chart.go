package main

import (
	"fmt"
	"strings"
)

// The measures of the chart, in pixels.
const (
	chartWide  = 860
	chartLeft  = 130 // of the bars
	chartRight = 60
	barHigh    = 14
	barStep    = 20
	chartTop   = 56
)

// chart draws the ratio of natsd to the peer for each workload that has one: a bar up to the median, a
// line from the least to the most, and a mark at the goal.
func chart(rivals []rival, results []result) []byte {
	type bar struct {
		name  string
		ratio [3]float64
		goal  float64
	}
	var bars []bar
	for _, r := range results {
		if s := summarize(rivals, r); s.paired && r.Kind != single {
			bars = append(bars, bar{r.Work, s.ratio, r.Goal})
		}
	}
	x := func(ratio float64) float64 { return chartLeft + min(ratio, 1.25)/1.25*(chartWide-chartLeft-chartRight) }
	high := chartTop + len(bars)*barStep + 16
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", chartWide, high)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", chartWide, high)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">What natsd needs of what nats-server needs: less is better</text>`+"\n", chartLeft)
	for _, at := range []float64{0, 0.25, 0.5, 0.75, 1} {
		fmt.Fprintf(&b, `<text x="%.0f" y="44" text-anchor="middle" fill="#666666">%g</text><line x1="%.0f" x2="%.0f" y1="48" y2="%d" stroke="%s"/>`+"\n",
			x(at), at, x(at), x(at), high-12, map[bool]string{true: "#888888", false: "#dddddd"}[at == 1])
	}
	for i, v := range bars {
		y := chartTop + i*barStep
		middle := y + barHigh/2
		colour := "#3b7dd8"
		if v.goal > 0 && v.ratio[0] > v.goal {
			colour = "#d88a3b"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, chartLeft-8, y+barHigh-3, v.name)
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, chartLeft, y, x(v.ratio[0])-chartLeft, barHigh, colour)
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#222222"/>`, x(v.ratio[1]), x(v.ratio[2]), middle, middle)
		if v.goal > 0 {
			fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#b00020" stroke-width="2"/>`, x(v.goal), x(v.goal), y-2, y+barHigh+2)
		}
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%.2f</text>`+"\n", x(max(v.ratio[0], v.ratio[2]))+6, y+barHigh-3, v.ratio[0])
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}
