package perm_test

import (
	"fmt"
	"testing"

	"natsd/internal/perm"
)

func BenchmarkPublish(b *testing.B) {
	many := make([]string, 0, 20_000)
	for i := range 10_000 {
		many = append(many, fmt.Sprintf("tenant.%d.orders.*", i), fmt.Sprintf("tenant.%d.status", i))
	}
	few := []string{"orders.>", "status", "_INBOX.*.*"}
	for _, bench := range []struct {
		name, subject string
		allow         []string
	}{
		{"literal of few", "status", few},
		{"wildcard of few", "orders.new.eu", few},
		{"literal of many", "tenant.777.status", many},
		{"wildcard of many", "tenant.777.orders.new", many},
		{"refused by many", "tenant.777.other", many},
	} {
		b.Run(bench.name, func(b *testing.B) {
			set, err := perm.Compile(&perm.Rules{Publish: &perm.SubjectRules{Allow: bench.allow, Deny: []string{"secret.>"}}})
			if err != nil {
				b.Fatal(err)
			}
			s := []byte(bench.subject)
			b.ReportAllocs()
			for b.Loop() {
				set.Publish(s)
			}
		})
	}
}

func BenchmarkReplies(b *testing.B) {
	r := perm.NewReplies(&perm.Responses{})
	s := []byte("_INBOX.aaaaaaaaaaaaaaaaaaaaaa.1")
	b.ReportAllocs()
	for b.Loop() {
		r.Add(s, start)
		r.Take(s, start)
	}
}
