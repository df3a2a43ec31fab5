package subject_test

import (
	"testing"

	"natsd/internal/subject"
)

func TestValid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		subject                string
		valid, literal, strict bool
	}{
		{"foo", true, true, true},
		{"foo.bar", true, true, true},
		{"*", true, false, false},
		{">", true, false, false},
		{"foo.*", true, false, false},
		{"*.foo", true, false, false},
		{"foo.*.bar", true, false, false},
		{"foo.>", true, false, false},
		{"*.>", true, false, false},
		{"foo.*bar", true, true, true},
		{"foo.bar*", true, true, true},
		{"foo.**", true, true, true},
		{"foo.b>r", true, true, true},
		{"foo.>bar", true, true, true},
		{"foo.>>", true, true, true},
		{"foo.>bar.baz", true, true, true},
		{"$SYS.x", true, true, true},
		{"_R_.x.y", true, true, true},
		{"café.☃", true, true, true},
		{"a{b}c", true, true, true},
		{"a\x00b.\x7f.\xff", true, true, true},
		{"", false, true, false},
		{".", false, true, false},
		{".foo", false, true, false},
		{"foo.", false, true, false},
		{"foo..bar", false, true, false},
		{">.foo", false, false, false},
		{"foo.>.bar", false, false, false},
		{"foo.>.", false, false, false},
		{"foo.>.>", false, false, false},
		{"foo bar", false, true, false},
		{"foo\tbar", false, true, false},
		{"foo.bar\r\nPUB x", false, true, false},
		{"foo\n", false, true, false},
		{"foo\f", false, true, false},
		{" ", false, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.subject, func(t *testing.T) {
			t.Parallel()
			if got := subject.Valid(tt.subject); got != tt.valid {
				t.Errorf("Valid = %v, want %v", got, tt.valid)
			}
			if got := subject.Literal(tt.subject); got != tt.literal {
				t.Errorf("Literal = %v, want %v", got, tt.literal)
			}
			if got := subject.ValidLiteral([]byte(tt.subject)); got != tt.strict {
				t.Errorf("ValidLiteral = %v, want %v", got, tt.strict)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"": 0, "a": 1, "a.b": 2, "a..b": 3, ".": 2, "*.*.>": 3} {
		if got := subject.Tokens(s); got != want {
			t.Errorf("Tokens(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestHasEmptyToken(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"": true, "a": false, "a.b": false, "a..b": true, ".a": true, "a.": true, ".": true, "*": false} {
		if got := subject.HasEmptyToken(s); got != want {
			t.Errorf("HasEmptyToken(%q) = %v, want %v", s, got, want)
		}
	}
}
