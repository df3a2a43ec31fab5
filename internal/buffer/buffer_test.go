package buffer

import (
	"bytes"
	"testing"
)

func TestGetHasRoom(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 511, 512, 513, 4096, 4097, 65535, 65536, 65537, 1 << 20, 1<<21 + 1} {
		b := Get(n)
		if len(b) != 0 || cap(b) < n {
			t.Errorf("Get(%d): len %d cap %d", n, len(b), cap(b))
		}
		Put(b)
	}
}

func TestGrowKeepsBytes(t *testing.T) {
	t.Parallel()
	b := append(Get(10), "hello"...)
	b = Grow(b, 100_000)
	if string(b) != "hello" || cap(b) < 100_005 {
		t.Errorf("after Grow: %q cap %d", b, cap(b))
	}
}

func TestPutIgnoresForeignSlices(t *testing.T) {
	t.Parallel()
	Put(nil)
	Put(make([]byte, 700))
	Put(make([]byte, 1<<20))
	if b := Get(600); cap(b) != 1024 {
		t.Errorf("cap %d, want 1024", cap(b))
	}
}

func TestNoAllocations(t *testing.T) {
	for _, size := range []int{4096, 1<<20 + 100} {
		if n := testing.AllocsPerRun(1000, func() { Put(Get(size)) }); n != 0 {
			t.Errorf("%d bytes: %v allocs, want 0", size, n)
		}
	}
}

func TestSkip(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "ab|cde|f", 1: "b|cde|f", 2: "cde|f", 4: "e|f", 5: "f", 6: ""} {
		v := Skip([][]byte{[]byte("ab"), []byte("cde"), []byte("f")}, n)
		if got := string(bytes.Join(v, []byte("|"))); got != want {
			t.Errorf("Skip %d: %q, want %q", n, got, want)
		}
	}
}
