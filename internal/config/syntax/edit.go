package syntax

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Edit is one change of a configuration text.
type Edit struct {
	Path []string // keys and indexes of arrays from the top
	// Value is what to write there, as JSON, which is a notation of the language; empty removes the key.
	Value string
}

// errNoPlace is the answer to a path that leads through something that holds nothing.
var errNoPlace = errors.New("what stands there already is no block and no array")

// Apply changes single values in the text of a configuration file. All else stays as it is written:
// comments, order, includes. A key that is not there is added at the end of its block, blocks on the way
// to it are made. A text in strict JSON stays JSON; its keys are put into order then.
//
// A key that an include brings is not seen. The last one of several counts, as in a load.
func Apply(name, text string, edits []Edit) (string, error) {
	for _, e := range edits {
		if e.Value != "" && !json.Valid([]byte(e.Value)) {
			return "", fmt.Errorf("%s: the value is no JSON", strings.Join(e.Path, "."))
		}
	}
	apply := applyText
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") && json.Valid([]byte(trimmed)) {
		apply = applyJSON
	}
	changed, err := apply(name, text, edits)
	if err != nil {
		return "", err
	}
	if file, _, problems := outline(name, changed); file == nil {
		return "", fmt.Errorf("this cannot be changed in place: %w", problems[0])
	}
	return changed, nil
}

// applyText changes a text in the language of NATS.
func applyText(name, text string, edits []Edit) (string, error) {
	for _, e := range edits {
		file, marks, problems := outline(name, text)
		if file == nil {
			return "", problems[0]
		}
		ed := editor{src: text, marks: marks}
		changed, err := ed.apply(e)
		if err != nil {
			return "", fmt.Errorf("%s: %w", strings.Join(e.Path, "."), err)
		}
		text = changed
	}
	return text, nil
}

// editor changes one value of a text.
type editor struct {
	src   string
	marks []mark
}

// span is a level: what is inside a map or an array.
type span struct {
	from, to int // marks; to is the closing one, or the number of marks
	depth    int
	array    bool
}

// slot is one entry of a level.
type slot struct {
	name  int // mark of the key; -1 in an array
	value int // mark where the value begins
	end   int // mark behind the value
}

func (e *editor) apply(change Edit) (string, error) {
	level := e.top()
	for i, elem := range change.Path {
		at, found := e.find(level, elem)
		last := i == len(change.Path)-1
		switch {
		case !found && change.Value == "":
			return e.src, nil // it is not there
		case !found:
			return e.insert(level, change.Path[i:], change.Value)
		case last && change.Value == "":
			return e.remove(at), nil
		case last:
			return e.src[:e.marks[at.value].start] + e.spaced(at, change.Value) + e.src[e.marks[at.end-1].end:], nil
		}
		if e.marks[at.value].kind != opens {
			return "", errNoPlace
		}
		level = span{from: at.value + 1, to: at.end - 1, depth: level.depth + 1, array: e.src[e.marks[at.value].start] == '['}
	}
	return e.src, nil
}

// spaced keeps a new value apart from its key where the old one was so without a space.
func (e *editor) spaced(at slot, value string) string {
	if at.name >= 0 && e.marks[at.value].start == e.marks[at.name].end {
		return " " + value
	}
	return value
}

// top is the level of the file, within the braces that may stand around all of it.
func (e *editor) top() span {
	if len(e.marks) > 0 && e.marks[0].kind == opens {
		return span{from: 1, to: closing(e.marks, 0), depth: 1}
	}
	return span{to: len(e.marks)}
}

// slots lists the entries of a level.
func (e *editor) slots(level span) (out []slot) {
	for i := level.from; i < level.to; {
		s := slot{name: -1, value: i}
		switch {
		case e.marks[i].kind == includes:
			i++
			continue
		case !level.array:
			s.name, s.value = i, i+1
		}
		s.end = s.value + 1
		if s.value < level.to && e.marks[s.value].kind == opens {
			s.end = closing(e.marks, s.value) + 1
		}
		out = append(out, s)
		i = s.end
	}
	return out
}

// find returns the entry that an element of a path means.
func (e *editor) find(level span, elem string) (slot, bool) {
	all := e.slots(level)
	if level.array {
		i, err := strconv.Atoi(elem)
		if err != nil || i < 0 || i >= len(all) {
			return slot{}, false
		}
		return all[i], true
	}
	for _, exact := range []bool{true, false} { // names that operators choose have a letter case
		for _, s := range slices.Backward(all) {
			key := strings.Trim(e.src[e.marks[s.name].start:e.marks[s.name].end], `"'`)
			if key == elem || !exact && strings.EqualFold(key, elem) {
				return s, true
			}
		}
	}
	return slot{}, false
}

// remove takes an entry out, and its line if nothing else stands there.
func (e *editor) remove(at slot) string {
	from, to := e.marks[max(at.name, 0)].start, e.marks[at.end-1].end
	if at.name < 0 {
		from = e.marks[at.value].start
	}
	rest := strings.TrimLeft(e.src[to:], " \t,;")
	before := strings.TrimRight(e.src[:from], " \t")
	atStart := before == "" || strings.HasSuffix(before, "\n")
	if atStart && (rest == "" || rest[0] == '\n' || rest[0] == '\r') {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "\r"), "\n")
		return before + rest
	}
	return e.src[:from] + rest
}

// insert adds an entry at the end of a level, with the blocks that its path goes through.
func (e *editor) insert(level span, path []string, value string) (string, error) {
	if level.array {
		return "", errNoPlace
	}
	indent := strings.Repeat("  ", level.depth)
	var b strings.Builder
	for i, elem := range path {
		b.WriteString(indent + strings.Repeat("  ", i) + keyText(elem))
		if i < len(path)-1 {
			b.WriteString(" {\n")
		} else {
			b.WriteString(": " + value + "\n")
		}
	}
	for i := len(path) - 2; i >= 0; i-- {
		b.WriteString(indent + strings.Repeat("  ", i) + "}\n")
	}
	if level.to == len(e.marks) {
		text := e.src
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return text + b.String(), nil
	}
	end := e.marks[level.to].start
	head, outer := e.src[:end], strings.Repeat("  ", max(level.depth-1, 0))
	if trimmed := strings.TrimRight(head, " \t"); strings.HasSuffix(trimmed, "\n") {
		head = trimmed
	} else {
		head += "\n"
	}
	return head + b.String() + outer + e.src[end:], nil
}

// keyText writes a key, in quotes where it needs them.
func keyText(key string) string {
	plain := key != "" && strings.IndexFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
	if plain && !strings.EqualFold(key, "include") {
		return key
	}
	return strconv.Quote(key)
}

// applyJSON changes a text that is JSON.
func applyJSON(_, text string, edits []Edit) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return "", err
	}
	for _, e := range edits {
		if err := setJSON(tree, e); err != nil {
			return "", fmt.Errorf("%s: %w", strings.Join(e.Path, "."), err)
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(tree)
	return b.String(), err
}

func setJSON(tree any, e Edit) error {
	for i, elem := range e.Path {
		last := i == len(e.Path)-1
		switch at := tree.(type) {
		case map[string]any:
			key := jsonKey(at, elem)
			switch {
			case last && e.Value == "":
				delete(at, key)
				return nil
			case last:
				at[key] = json.RawMessage(e.Value)
				return nil
			case at[key] == nil && e.Value == "":
				return nil
			case at[key] == nil:
				at[key] = map[string]any{}
			}
			tree = at[key]
		case []any:
			n, err := strconv.Atoi(elem)
			if err != nil || n < 0 || n >= len(at) || last && e.Value == "" {
				return errNoPlace
			}
			if last {
				at[n] = json.RawMessage(e.Value)
				return nil
			}
			tree = at[n]
		default:
			return errNoPlace
		}
	}
	return nil
}

// jsonKey returns the key of a map that an element of a path means.
func jsonKey(m map[string]any, elem string) string {
	if _, ok := m[elem]; ok {
		return elem
	}
	for key := range m {
		if strings.EqualFold(key, elem) {
			return key
		}
	}
	return elem
}
