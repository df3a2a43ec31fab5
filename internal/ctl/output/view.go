package output

import "slices"

// View says how an answer is shown as a table. The zero View shows the whole answer as YAML.
type View struct {
	// Items is the path of the list whose entries are rows; "." when the answer itself is the list.
	// Without it the answer is one thing, and each column is a line.
	Items string
	// Rows makes the rows where they do not stand in one list.
	Rows func(answer any) []any
	// Name is the path of what names a row.
	Name    string
	Columns []Column
	// Trim leaves out columns that no row has a value for, when people look.
	Trim bool
	// Wrap breaks long values of one thing into lines, in place of cutting them.
	Wrap bool
	// Empty is said to people when there are no rows.
	Empty string
	// Head is put before the table, for people.
	Head func(answer any) string
}

// Column is one column of a list, or one line of a thing.
type Column struct {
	Title string
	Path  string
	Kind  Kind
	Wide  bool              // only when much is wanted
	Drop  int               // left out when the table is too wide: the highest first, those from 50 before a text is cut; 0 never
	Value func(row any) any // in place of Path
	// Keep is the width to which a text may be cut when the table is too wide; 0: not at all.
	Keep int
}

func (c Column) get(row any) any {
	if c.Value != nil {
		return c.Value(row)
	}
	return Get(row, c.Path)
}

// rows returns the rows of an answer, and whether it is a list at all.
func (v View) rows(answer any) ([]any, bool) {
	switch {
	case v.Rows != nil:
		return v.Rows(answer), true
	case v.Items == ".":
		list, _ := answer.([]any)
		return list, true
	case v.Items != "":
		list, _ := Get(answer, v.Items).([]any)
		return list, true
	}
	return []any{answer}, false
}

// choose returns the columns for a form, or those that were asked for by name: of a title or a path.
func (v View) choose(fields []string, wide bool) []Column {
	if len(fields) == 0 {
		return slices.DeleteFunc(slices.Clone(v.Columns), func(c Column) bool { return c.Wide && !wide })
	}
	columns := make([]Column, 0, len(fields))
	for _, f := range fields {
		i := slices.IndexFunc(v.Columns, func(c Column) bool { return c.Path == f })
		if i >= 0 {
			c := v.Columns[i]
			c.Drop = 0
			columns = append(columns, c)
			continue
		}
		columns = append(columns, Column{Title: title(f), Path: f})
	}
	return columns
}
