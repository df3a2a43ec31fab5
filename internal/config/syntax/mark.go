package syntax

// mark is a piece of the text that is more than white space, a separator or a comment: what Format
// lays out anew. Marks come in the order of the text.
type mark struct {
	kind       markKind
	start, end int // offsets
}

type markKind uint8

const (
	names    markKind = iota // a key
	values                   // a value that holds no others, quotes included
	opens                    // a brace or bracket
	closes                   // the one that ends it
	includes                 // an include with its path
)

// mark notes a piece from start to here, if anybody wants to know.
func (p *parser) mark(kind markKind, start int) {
	if p.marks != nil {
		*p.marks = append(*p.marks, mark{kind, start, p.at})
	}
}

// closing returns the mark that closes an opening one.
func closing(marks []mark, open int) int {
	depth := 0
	for i := open; i < len(marks); i++ {
		switch marks[i].kind {
		case opens:
			depth++
		case closes:
			if depth--; depth == 0 {
				return i
			}
		case names, values, includes:
		}
	}
	return len(marks) - 1 // out of reach: the text was parsed without an error
}
