package nuid_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"natsd/internal/nuid"
)

var base62 = regexp.MustCompile(`^[0-9A-Za-z]{22}$`)

func TestNext(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 100_000 {
		id := nuid.Next()
		if !base62.MatchString(id) {
			t.Fatalf("%q is not 22 characters of base 62", id)
		}
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
}

func TestGeneratorsDiffer(t *testing.T) {
	t.Parallel()
	prefixes := make(map[string]bool)
	for range 1000 {
		id := nuid.New().Next()
		if prefixes[id[:12]] {
			t.Fatalf("two generators share the prefix of %q", id)
		}
		prefixes[id[:12]] = true
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 5000
	g := nuid.New()
	ids := make([][]string, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				ids[w] = append(ids[w], g.Next())
			}
		})
	}
	wg.Wait()
	seen := make(map[string]bool)
	for _, list := range ids {
		for _, id := range list {
			seen[id] = true
		}
	}
	if len(seen) != workers*each {
		t.Errorf("%d different ids, want %d", len(seen), workers*each)
	}
}

// TestTokenIsFair draws so many characters that an unfair choice shows: taking a
// random byte modulo 62 would give the first eight digits a quarter more.
func TestTokenIsFair(t *testing.T) {
	t.Parallel()
	const each = 20_000
	text := nuid.Token(62 * each)
	count := make(map[rune]int)
	for _, c := range text {
		count[c]++
	}
	if len(count) != 62 {
		t.Fatalf("%d different characters, want 62", len(count))
	}
	for c, n := range count {
		if n < each*95/100 || n > each*105/100 {
			t.Errorf("%q came %d times, want about %d", c, n, each)
		}
	}
}

func TestTokenLength(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 8, 31, 32, 33, 200} {
		if got := nuid.Token(n); len(got) != n {
			t.Errorf("Token(%d) is %q", n, got)
		}
	}
}

func TestAllocations(t *testing.T) {
	g := nuid.New()
	if n := testing.AllocsPerRun(100, func() { g.Next() }); n > 1 {
		t.Errorf("%v allocations, want one for the string", n)
	}
}

func Example() {
	id := nuid.Next()
	fmt.Println(len(id), strings.ContainsAny(id, ".*> "))
	// Output: 22 false
}

func ExampleToken() {
	fmt.Println(len(nuid.Token(8)))
	// Output: 8
}

func BenchmarkNext(b *testing.B) {
	g := nuid.New()
	b.ReportAllocs()
	for b.Loop() {
		g.Next()
	}
}
