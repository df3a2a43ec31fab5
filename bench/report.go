package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// summary is what the rounds of one workload come to: medians by rival, and the ratio of natsd to the
// peer within each round.
type summary struct {
	figure, rate, rss []float64
	ratio             [3]float64 // median, least, most
	paired            bool
}

func summarize(rivals []rival, r result) summary {
	var s summary
	for _, samples := range r.Samples {
		s.figure = append(s.figure, median(samples, func(x sample) float64 { return x.Figure }))
		s.rate = append(s.rate, median(samples, func(x sample) float64 { return x.PerSecond }))
		s.rss = append(s.rss, median(samples, func(x sample) float64 { return x.RSS }))
	}
	if len(rivals) < 2 || rivals[1].relay {
		return s
	}
	ratios := make([]float64, 0, len(r.Samples[0]))
	for i := range min(len(r.Samples[0]), len(r.Samples[1])) {
		ratios = append(ratios, r.Samples[0][i].Figure/r.Samples[1][i].Figure)
	}
	if len(ratios) == 0 {
		return s
	}
	s.ratio = [3]float64{middle(ratios), slices.Min(ratios), slices.Max(ratios)}
	s.paired = true
	return s
}

// median is 0 where there are no samples.
func median(samples []sample, of func(sample) float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	values := make([]float64, 0, len(samples))
	for _, s := range samples {
		values = append(values, of(s))
	}
	return middle(values)
}

func middle(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// writeTable writes one line per workload, at most 100 columns wide, and then what else there is to
// tell of some.
func writeTable(w io.Writer, rivals []rival, results []result) error {
	sections := []struct {
		kind  kind
		title string
	}{
		{processor, "us of CPU per unit"},
		{latency, "us, 99th percentile"},
		{memory, "KB of RSS per unit"},
		{single, "see -h for the unit"},
	}
	var out strings.Builder
	for _, s := range sections {
		if !slices.ContainsFunc(results, func(r result) bool { return r.Kind == s.kind }) {
			continue
		}
		heading(&out, s.title, rivals)
		for _, r := range results {
			if r.Kind == s.kind {
				row(&out, rivals, r)
			}
		}
		out.WriteByte('\n')
	}
	further(&out, rivals, results)
	_, err := io.WriteString(w, out.String())
	return err
}

// columns of the table.
const (
	nameWide   = 14
	figureWide = 8
	ratioWide  = 17
	goalWide   = 7
	rateWide   = 6
	rssWide    = 5
)

func heading(out *strings.Builder, title string, rivals []rival) {
	names := func(width int, those []rival) string {
		var b strings.Builder
		for _, r := range those {
			fmt.Fprintf(&b, " %*s", width, r.name)
		}
		return b.String()
	}
	servers := rivals[:len(rivals)-1] // the relay is no server
	n := len(servers)
	fmt.Fprintf(out, "%-*s %*s  %*s %*s %*s %*s\n", nameWide, "", (figureWide+1)*len(rivals), title,
		ratioWide, "ratio, by pair   ", goalWide, "", (rateWide+1)*n, "per second", (rssWide+1)*n, "RSS MB")
	fmt.Fprintf(out, "%-*s %s  %*s %*s %s %s\n", nameWide, "", names(figureWide, rivals),
		ratioWide, "med   min   max", goalWide, "goal", names(rateWide, servers), names(rssWide, servers))
}

func row(out *strings.Builder, rivals []rival, r result) {
	s := summarize(rivals, r)
	ratio, goal := "", ""
	if s.paired {
		ratio = fmt.Sprintf("%.2f  %.2f  %.2f", s.ratio[0], s.ratio[1], s.ratio[2])
	}
	switch {
	case r.Goal > 0:
		goal = fmt.Sprintf("%.2f", r.Goal)
	case r.Limit > 0:
		goal = fmt.Sprintf("<= %g", r.Limit)
	}
	columns := func(values []float64, width int, format func(float64) string) string {
		var b strings.Builder
		for _, v := range values {
			fmt.Fprintf(&b, " %*s", width, format(v))
		}
		return b.String()
	}
	n := len(rivals) - 1
	fmt.Fprintf(out, "%-*s %s  %*s %*s %s %s\n", nameWide, r.Work, columns(s.figure, figureWide, figure), ratioWide, ratio,
		goalWide, goal, columns(s.rate[:n], rateWide, rate), columns(s.rss[:n], rssWide, func(v float64) string { return fmt.Sprintf("%.0f", v) }))
}

// further writes the figures that only some workloads have.
func further(out *strings.Builder, rivals []rival, results []result) {
	for _, r := range results {
		if len(r.Samples[0]) == 0 {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(r.Samples[0][0].Also)) {
			fmt.Fprintf(out, "%-*s %-22s", nameWide, r.Work, name)
			for i, samples := range r.Samples {
				if len(samples) > 0 {
					v := median(samples, func(x sample) float64 { return x.Also[name] })
					fmt.Fprintf(out, "  %s %s", rivals[i].name, figure(v))
				}
			}
			out.WriteByte('\n')
		}
	}
}

// figure shows three significant digits.
func figure(v float64) string {
	switch {
	case v == 0:
		return "-"
	case v < 10:
		return fmt.Sprintf("%.3f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

func rate(v float64) string {
	switch {
	case v == 0:
		return "-"
	case v >= 1e6:
		return fmt.Sprintf("%.2fM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.1fk", v/1e3)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}
