package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Printer shows answers.
type Printer struct {
	Out, Notes io.Writer // results, and what is said to people beside them
	Format     Format
	Fields     []string // columns by key, in place of those of the view
	NoHeaders  bool
	Width      int            // cells of a line; 0 is no limit
	Color      bool           // the terminal shows colours
	Zone       *time.Location // of the user; nil is that of the process
}

// Print shows an answer, which is JSON.
func (p *Printer) Print(body []byte, v View) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	switch p.Format.kind {
	case JSON, YAML:
		body, err := p.project(body, v)
		if err != nil {
			return err
		}
		if p.Format.kind == YAML {
			return writeYAML(p.Out, body)
		}
		_, err = p.Out.Write(append(body, '\n'))
		return err
	}
	answer, err := decode(body)
	if err != nil {
		return err
	}
	switch p.Format.kind {
	case goTemplate:
		if err := p.Format.template.Execute(p.Out, answer); err != nil {
			return fmt.Errorf("output: %w", err)
		}
		return nil
	case jsonPath:
		return p.selected(answer)
	case NDJSON:
		return p.ndjson(answer, v)
	case CSV:
		return p.csv(answer, v)
	case Name:
		return p.names(answer, v)
	}
	return p.human(body, answer, v)
}

func (p *Printer) human(body []byte, answer any, v View) error {
	if v.Head != nil {
		if head := v.Head(answer); head != "" {
			if _, err := io.WriteString(p.Out, head+"\n"); err != nil {
				return err
			}
		}
	}
	wide := p.Format.kind == Wide
	columns := v.choose(p.Fields, wide)
	rows, list := v.rows(answer)
	show := func(row any, c Column) string {
		if wide && c.Kind != Time && c.Kind != Size {
			return Clean(plain(c.get(row)))
		}
		return Clean(p.show(c.get(row), c.Kind))
	}
	switch {
	case len(columns) == 0:
		return writeYAML(p.Out, body)
	case !list:
		return p.lines(columns, v.Wrap, func(i int) string { return show(answer, columns[i]) })
	case len(rows) == 0:
		if v.Empty != "" {
			note(p.Notes, "%s", v.Empty)
		}
		return nil
	}
	cells := make([][]string, len(rows))
	for r, row := range rows {
		for _, c := range columns {
			cells[r] = append(cells[r], show(row, c))
		}
	}
	if v.Trim {
		columns, cells = Trim(columns, cells)
	}
	if wide {
		return p.table(columns, cells, 0)
	}
	return p.table(columns, cells, p.Width)
}

// Trim leaves out the columns in which nothing stands; of a table without rows none.
func Trim(columns []Column, rows [][]string) ([]Column, [][]string) {
	if len(rows) == 0 {
		return columns, rows
	}
	var kept []Column
	out := make([][]string, len(rows))
	for i, c := range columns {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[i] != "" }) {
			continue
		}
		kept = append(kept, c)
		for r, row := range rows {
			out[r] = append(out[r], row[i])
		}
	}
	return kept, out
}

func (p *Printer) csv(answer any, v View) error {
	columns := v.choose(p.Fields, true)
	rows, _ := v.rows(answer)
	w := csv.NewWriter(p.Out)
	if !p.NoHeaders {
		head := make([]string, len(columns))
		for i, c := range columns {
			if head[i] = c.Path; c.Path == "" {
				head[i] = c.Title
			}
		}
		_ = w.Write(head) // reported by Error
	}
	for _, row := range rows {
		line := make([]string, len(columns))
		for i, c := range columns {
			line[i] = plain(c.get(row))
		}
		_ = w.Write(line) // reported by Error
	}
	w.Flush()
	return w.Error()
}

func (p *Printer) names(answer any, v View) error {
	rows, _ := v.rows(answer)
	for _, row := range rows {
		value := row
		if v.Name != "" {
			value = Get(row, v.Name)
		}
		if text := plain(value); text != "" {
			if _, err := fmt.Fprintln(p.Out, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Printer) ndjson(answer any, v View) error {
	rows, _ := v.rows(answer)
	e := json.NewEncoder(p.Out)
	e.SetEscapeHTML(false)
	for _, row := range rows {
		if err := e.Encode(p.only(row)); err != nil {
			return err
		}
	}
	return nil
}

// selected writes what a path selects: texts and numbers bare, the rest as JSON, one a line.
func (p *Printer) selected(answer any) error {
	for _, v := range p.Format.path.Select(answer) {
		text := plain(v)
		if list, ok := v.([]any); ok {
			text = Compact(list)
		}
		if _, err := fmt.Fprintln(p.Out, text); err != nil {
			return err
		}
	}
	return nil
}

// only keeps the fields of a row that were asked for.
func (p *Printer) only(row any) any {
	m, ok := row.(map[string]any)
	if len(p.Fields) == 0 || !ok {
		return row
	}
	out := make(map[string]any, len(p.Fields))
	for _, f := range p.Fields {
		if v := Get(m, f); v != nil {
			out[f] = v
		}
	}
	return out
}

// project reduces the rows of an answer to the fields that were asked for; without any the answer stays
// as it came.
func (p *Printer) project(body []byte, v View) ([]byte, error) {
	if len(p.Fields) == 0 {
		return body, nil
	}
	answer, err := decode(body)
	if err != nil {
		return nil, err
	}
	rows, list := v.rows(answer)
	if !list {
		return json.MarshalIndent(p.only(answer), "", "  ")
	}
	kept := make([]any, len(rows))
	for i, row := range rows {
		kept[i] = p.only(row)
	}
	return json.MarshalIndent(kept, "", "  ")
}
