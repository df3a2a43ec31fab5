package metrics

// Row is what the documentation says of one of natsd's own metrics.
type Row struct {
	Name, Help string
	Counter    bool
	Labels     []string
}

// Own is the table of natsd's own metrics.
func Own() []Row {
	out := make([]Row, 0, len(own))
	for _, m := range own {
		out = append(out, Row{m.name, m.help, m.counter, m.labels})
	}
	return out
}
