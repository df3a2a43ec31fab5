package top

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// program is a Model as bubbletea wants it.
type program struct{ m *Model }

// Init implements tea.Model.
func (p program) Init() tea.Cmd { return p.m.ask() }

// Update implements tea.Model.
func (p program) Update(msg tea.Msg) (tea.Model, tea.Cmd) { return p, p.m.update(msg) }

// View implements tea.Model.
func (p program) View() tea.View { return p.m.view() }

// Run shows the model on a terminal until the user has enough or ctx ends.
func Run(ctx context.Context, m *Model, in io.Reader, out io.Writer) error {
	m.ctx, m.attributes = ctx, true
	p := tea.NewProgram(program{m}, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler())
	_, err := p.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tea.ErrProgramKilled):
		return nil
	}
	return err
}

// Print writes the screen as text, so many times, 0 being without end. Rates need two samples: with one
// alone they are 0.
func Print(ctx context.Context, m *Model, out io.Writer, times, width int) error {
	m.width = width
	if width <= 0 {
		m.width = 1 << 16
	}
	return m.poll(ctx, times, func() error {
		m.height = headLines + footLines + 2 + max(len(m.table().rows), 20)
		lines := m.head()
		lines = append(lines, m.body()...)
		for _, l := range lines {
			if _, err := fmt.Fprintln(out, strings.TrimRight(l, " ")); err != nil {
				return err
			}
		}
		return nil
	})
}

// poll takes samples and does something after each.
func (m *Model) poll(ctx context.Context, times int, do func() error) error {
	m.ctx = ctx
	m.cursor = -1 // nothing is chosen
	for n := 1; ; n++ {
		s, err := m.Source.Sample(ctx, m.query())
		if err != nil {
			return err
		}
		m.take(s, nil)
		m.cursor, m.top = -1, 0
		if err := do(); err != nil {
			return err
		}
		if n == times {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(m.Interval):
		}
	}
}

// CSV writes the rows of the view as CSV, each with the time, so many times, 0 being without end.
func CSV(ctx context.Context, m *Model, out io.Writer, times int) error {
	w := csv.NewWriter(out)
	m.Raw = true
	first := true
	return m.poll(ctx, times, func() error {
		now := m.sample.Server.Now.UTC().Format(time.RFC3339)
		head, rows := m.csvRows()
		if first {
			_ = w.Write(append([]string{"time"}, head...)) // reported by Error
			first = false
		}
		for _, r := range rows {
			_ = w.Write(append([]string{now}, r...)) // reported by Error
		}
		w.Flush()
		return w.Error()
	})
}

// csvRows are the rows of the table, or the one of the server.
func (m *Model) csvRows() (head []string, rows [][]string) {
	if m.View == Overview {
		s, r := &m.sample.Server, m.serverRates
		number := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
		return []string{"server", "cpu", "mem", "connections", "subscriptions", "slow_consumers", "in_msgs", "out_msgs", "in_bytes", "out_bytes", "in_msgs_rate", "out_msgs_rate", "in_bytes_rate", "out_bytes_rate"},
			[][]string{{
				s.Name, number(s.CPU), strconv.FormatInt(s.Mem, 10), strconv.Itoa(s.Connections), strconv.FormatUint(uint64(s.Subscriptions), 10), strconv.FormatInt(s.Slow, 10),
				strconv.FormatInt(s.InMsgs, 10), strconv.FormatInt(s.OutMsgs, 10), strconv.FormatInt(s.InBytes, 10), strconv.FormatInt(s.OutBytes, 10),
				number(r.inMsgs), number(r.outMsgs), number(r.inBytes), number(r.outBytes),
			}}
	}
	t := m.table()
	for _, c := range t.columns {
		head = append(head, c.Title)
	}
	for _, r := range t.rows {
		rows = append(rows, r.cells)
	}
	return head, rows
}
