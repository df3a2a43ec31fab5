package subject_test

import (
	"testing"

	"natsd/internal/subject"
)

func BenchmarkValid(b *testing.B) {
	s := []byte("orders.new.eu.berlin")
	for b.Loop() {
		subject.Valid(s)
	}
}

func BenchmarkMatches(b *testing.B) {
	for name, filter := range map[string]string{"literal": "orders.new.eu.berlin", "any": "orders.*.*.berlin", "rest": "orders.>"} {
		b.Run(name, func(b *testing.B) {
			s := []byte("orders.new.eu.berlin")
			for b.Loop() {
				subject.Matches(filter, s)
			}
		})
	}
}

func BenchmarkHasEmptyToken(b *testing.B) {
	s := []byte("orders.new.eu.berlin")
	for b.Loop() {
		subject.HasEmptyToken(s)
	}
}

func BenchmarkLiteral(b *testing.B) {
	s := []byte("orders.new.eu.berlin")
	for b.Loop() {
		subject.Literal(s)
	}
}
