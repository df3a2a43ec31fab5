package syntax

import (
	"fmt"
	"slices"
	"time"
)

// Pos is a place in a configuration file. Line and Col count from 1; Col counts bytes. A zero Line
// means the file as a whole. For what is written inside an environment variable, File is its name
// with a $ in front.
type Pos struct {
	File string
	Line int
	Col  int
}

// String returns file:line:col, or the file alone when there is no line.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Kind is the type of a [Value].
type Kind uint8

// The kinds of values that the language has. There is no null.
const (
	String Kind = iota + 1
	Bool
	Int
	Float
	Time
	Array
	Map
)

// String names the kind as error messages do.
func (k Kind) String() string {
	switch k {
	case String:
		return "string"
	case Bool:
		return "boolean"
	case Int:
		return "integer"
	case Float:
		return "number"
	case Time:
		return "date"
	case Array:
		return "array"
	case Map:
		return "map"
	}
	return "nothing"
}

// Value is one value with its place. Which field counts follows from Kind. The tree is never
// changed after parsing; a value that several variables refer to occurs several times in it.
type Value struct {
	Kind Kind
	Bool bool
	// Quoted tells that a scalar stood in quotes or in a block.
	Quoted bool

	height uint8 // containers from here down, 0 for a scalar; maxDepth at most
	nodes  int32 // values from here down, itself included

	Pos   Pos // where it is written; for a variable, where it is referred to
	Str   string
	Int   int64
	Float float64
	Time  *time.Time
	Items []*Value // Array
	Map   *Table   // Map

	// Raw is the source text of a scalar as written, without quotes: the option layer reads units
	// from it that the number alone has lost ("5m"). Of a map it is the whole text from brace to brace
	// if that means the same wherever it stands: there is no variable and no include in it, and nothing
	// to complain about. It is empty otherwise.
	Raw string
}

// Entry is one key with its value.
type Entry struct {
	Key   string // as written
	Pos   Pos    // of the key
	Value *Value
	// Referenced tells that some $variable took this entry's value.
	Referenced bool
}

// Table is a map in the order of the file, last definition of a key winning; earlier ones are
// reported as warnings by [Parse].
type Table struct {
	Pos     Pos // of the opening brace; of the first line for a file
	Entries []*Entry

	index map[string]int // into Entries; nil while they are few
}

// Get returns the entry with exactly this key, or nil.
func (t *Table) Get(key string) *Entry {
	if i := t.find(key); i >= 0 {
		return t.Entries[i]
	}
	return nil
}

// fewEntries is up to how many entries looking at each is faster than an index.
const fewEntries = 8

// find returns the index of the entry with a key, or -1.
func (t *Table) find(key string) int {
	if t.index != nil {
		if i, ok := t.index[key]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(t.Entries, func(e *Entry) bool { return e.Key == key })
}

// put adds e and returns the entry of the same key that it takes the place of, or nil.
func (t *Table) put(e *Entry) *Entry {
	if i := t.find(e.Key); i >= 0 {
		old := t.Entries[i]
		t.Entries[i] = e
		return old
	}
	t.Entries = append(t.Entries, e)
	if t.index != nil {
		t.index[e.Key] = len(t.Entries) - 1
	} else if len(t.Entries) > fewEntries {
		t.index = make(map[string]int)
		for i, e := range t.Entries {
			t.index[e.Key] = i
		}
	}
	return nil
}
