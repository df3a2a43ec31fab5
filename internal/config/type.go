package config

import "strings"

// Type is the set of forms that the value of a key may take. The duration and size forms differ in
// how they read a bare number and a string; the names D1 to D5, S1 and S2 in their comments are
// those of the reference tables in docs/configuration.md.
type Type uint32

// The forms. A duration written without quotes, such as 5m, means what it says in all of them.
const (
	Bool    Type = 1 << iota
	Int          // whole number
	Text         // string
	Strings      // one string, or an array of strings
	List         // array of strings

	DurationOrSeconds // D1: duration; a bare number means seconds and gives a warning
	SecondsOrDuration // D2: duration, or seconds as whole or decimal number
	WholeSeconds      // D3: duration, or whole seconds
	PlainSeconds      // D4: seconds as number; durations are read too
	DurationText      // D5: duration only

	Size       // S1: whole number of bytes with an optional suffix
	SizeOrText // S2: as Size, or a string such as "1G" whose letter counts in powers of 1024

	Block  // { … } with keys of the registry
	Blocks // array of blocks
	Names  // { … } whose names the operator chooses
	Free   // anything; the section looks at it
)

const (
	durations  = DurationOrSeconds | SecondsOrDuration | WholeSeconds | PlainSeconds | DurationText
	sizes      = Size | SizeOrText
	containers = Block | Blocks | Names | Free
)

// scalar tells that a value of the type fits into one flag or environment variable.
func (t Type) scalar() bool { return t&containers == 0 }

var typeWords = []struct {
	set  Type
	word string
}{
	{Bool, "true or false"},
	{Int, "a whole number"},
	{Text, "a string"},
	{Strings, "a string or an array of strings"},
	{List, "an array of strings"},
	{DurationOrSeconds | DurationText, `a duration such as "10s"`},
	{SecondsOrDuration | WholeSeconds | PlainSeconds, `a number of seconds or a duration such as "10s"`},
	{Size, "a size such as 64MB"},
	{SizeOrText, `a size such as 64MB or "1G"`},
	{Block | Names, "a block { … }"},
	{Blocks, "an array of blocks"},
}

// String says what the type accepts, for error texts and the documentation.
func (t Type) String() string {
	var words []string
	for _, w := range typeWords {
		if t&w.set != 0 {
			words = append(words, w.word)
		}
	}
	if len(words) == 0 {
		return "any value"
	}
	return strings.Join(words, " or ")
}
