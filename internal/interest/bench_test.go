package interest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"natsd/internal/interest"
)

// sizes are run with as many literal filters, and a wildcard one for every ten.
var sizes = []int{1_000, 1_000_000}

func filled(n int) (*interest.Index[*int32], [][]byte) {
	x := interest.New[*int32]()
	filters := literals(n)
	subjects := make([][]byte, n)
	ids := make([]int32, n)
	for i, f := range filters {
		x.Insert(f, "", &ids[i])
		if i%10 == 0 {
			x.Insert(fmt.Sprintf("_INBOX.%07d.*", i), "", &ids[i])
		}
		subjects[i] = []byte(f)
	}
	rand.Shuffle(n, func(i, j int) { subjects[i], subjects[j] = subjects[j], subjects[i] })
	return x, subjects
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range sizes {
		x, subjects := filled(n)
		var r interest.Result[*int32]
		bench := func(name string, subject func(i int) []byte) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					x.Match(subject(i), &r)
				}
			})
		}
		one, inbox := subjects[0], []byte("_INBOX.0000500.1")
		bench("same literal", func(int) []byte { return one })
		bench("random literal", func(i int) []byte { return subjects[i%n] })
		bench("wildcard", func(int) []byte { return inbox })
	}
}

func BenchmarkMatchFanout(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := interest.New[*int32]()
			for range n {
				x.Insert("news", "", new(int32))
			}
			var r interest.Result[*int32]
			b.ReportAllocs()
			for b.Loop() {
				x.Match([]byte("news"), &r)
			}
		})
	}
}

func BenchmarkMatchParallel(b *testing.B) {
	x, subjects := filled(1000)
	b.RunParallel(func(pb *testing.PB) {
		var r interest.Result[*int32]
		for i := 0; pb.Next(); i++ {
			x.Match(subjects[i%1000], &r)
		}
	})
}

func BenchmarkInsertRemove(b *testing.B) {
	for _, n := range sizes {
		x, _ := filled(n)
		for name, filter := range map[string]string{"literal": "other.subject", "wildcard": "_INBOX.other.*"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				v := new(int32)
				b.ReportAllocs()
				for b.Loop() {
					x.Insert(filter, "", v)
					x.Remove(filter, "", v)
				}
			})
		}
	}
}
