package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// summary is what the rounds of one workload come to.
type summary struct {
	figure, rate, rss, busy []float64 // medians, by rival
	ratio                   [3]float64
	paired                  bool
}

func summarize(r result) summary {
	var s summary
	for _, samples := range r.Samples {
		s.figure = append(s.figure, median(samples, func(x sample) float64 { return x.Figure }))
		s.rate = append(s.rate, median(samples, func(x sample) float64 { return x.PerSecond }))
		s.rss = append(s.rss, median(samples, func(x sample) float64 { return x.RSS }))
		s.busy = append(s.busy, median(samples, func(x sample) float64 { return x.Busy }))
	}
	if len(r.Samples) == 2 {
		ratios := make([]float64, 0, len(r.Samples[0]))
		for i, a := range r.Samples[0] {
			ratios = append(ratios, a.Figure/r.Samples[1][i].Figure)
		}
		s.ratio = [3]float64{middle(ratios), slices.Min(ratios), slices.Max(ratios)}
		s.paired = true
	}
	return s
}

func median(samples []sample, of func(sample) float64) float64 {
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

// writeTable writes one line per workload, at most 100 columns wide.
func writeTable(w io.Writer, rivals []rival, results []result) error {
	sections := []struct {
		kind  kind
		title string
	}{
		{processor, "us of CPU per unit"},
		{memory, "KB per connection"},
	}
	var out strings.Builder
	for _, s := range sections {
		if !slices.ContainsFunc(results, func(r result) bool { return r.Kind == s.kind }) {
			continue
		}
		header(&out, s.title, rivals)
		for _, r := range results {
			if r.Kind == s.kind {
				row(&out, r)
			}
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func header(out *strings.Builder, title string, rivals []rival) {
	names := func(width int) string {
		var b strings.Builder
		for _, r := range rivals {
			fmt.Fprintf(&b, " %*s", width, r.name)
		}
		return b.String()
	}
	n := len(rivals)
	fmt.Fprintf(out, "%-11s %*s  %17s  %*s  %*s  %*s\n", "", 9*n+1, title, ratioTitle(n, "ratio, by pair   "), 8*n, "per second", 7*n, "RSS MB", 6*n, "busy %")
	fmt.Fprintf(out, "%-11s %s  %17s  %s  %s  %s\n", "", names(9), ratioTitle(n, "med   min   max"), names(7), names(6), names(5))
}

func ratioTitle(rivals int, text string) string {
	if rivals < 2 {
		return ""
	}
	return text
}

func row(out *strings.Builder, r result) {
	s := summarize(r)
	ratio := ""
	if s.paired {
		ratio = fmt.Sprintf("%.2f  %.2f  %.2f", s.ratio[0], s.ratio[1], s.ratio[2])
	}
	columns := func(values []float64, width int, format func(float64) string) string {
		var b strings.Builder
		for _, v := range values {
			fmt.Fprintf(&b, " %*s", width, format(v))
		}
		return b.String()
	}
	fmt.Fprintf(out, "%-11s %s  %17s  %s  %s  %s\n", r.Work,
		columns(s.figure, 9, figure), ratio, columns(s.rate, 7, rate),
		columns(s.rss, 6, func(v float64) string { return fmt.Sprintf("%.0f", v) }),
		columns(s.busy, 5, func(v float64) string { return fmt.Sprintf("%.0f", 100*v) }))
}

// figure shows three significant digits.
func figure(v float64) string {
	switch {
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
