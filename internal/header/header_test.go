package header_test

import (
	"fmt"
	"slices"
	"testing"

	"natsd/internal/header"
)

func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		block       string
		fields      []string
		code        int
		description string
	}{
		{"NATS/1.0\r\n\r\n", nil, 0, ""},
		{"NATS/1.0\r\nFoo: Bar\r\n\r\n", []string{"Foo=Bar"}, 0, ""},
		{"NATS/1.0\r\nFoo:Bar\r\nfoo: \t b a z \t\r\nFoo: 2\r\n\r\n", []string{"Foo=Bar", "foo=b a z", "Foo=2"}, 0, ""},
		{"NATS/1.0\r\nEmpty:\r\nBlank:  \r\n\r\n", []string{"Empty=", "Blank="}, 0, ""},
		{"NATS/1.0\r\nURL: nats://h:1\r\n\r\n", []string{"URL=nats://h:1"}, 0, ""},
		{"NATS/1.0\r\nno colon\r\nA: 1\r\n\r\n", []string{"A=1"}, 0, ""},
		{"NATS/1.0\r\nA: 1\r\n\r\nB: 2\r\n\r\n", []string{"A=1"}, 0, ""},
		{"NATS/1.0\r\nA: 1\r\nB: cut off", []string{"A=1"}, 0, ""},
		{"NATS/1.0\r\nA: 1\nB: 2\r\n\r\n", []string{"A=1\nB: 2"}, 0, ""},
		{"NATS/1.0 503\r\nNats-Subject: foo\r\n\r\n", []string{"Nats-Subject=foo"}, 503, ""},
		{"NATS/1.0 404 No Messages\r\n\r\n", nil, 404, "No Messages"},
		{"NATS/1.0  100 \r\n\r\n", nil, 100, ""},
		{"NATS/1.0 99\r\n\r\n", nil, 0, ""},
		{"NATS/1.0 099\r\n\r\n", nil, 0, ""},
		{"NATS/1.0 5033\r\n\r\n", nil, 0, ""},
		{"NATS/1.0 abc\r\n\r\n", nil, 0, ""},
		{"NATS/1.01\r\nA: 1\r\n\r\n", nil, 0, ""},
		{"NATS/1.0", nil, 0, ""},
		{"nats/1.0\r\nA: 1\r\n\r\n", nil, 0, ""},
		{"abcd", nil, 0, ""},
		{"", nil, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.block, func(t *testing.T) {
			t.Parallel()
			block := []byte(tt.block)
			var fields []string
			for name, value := range header.Fields(block) {
				fields = append(fields, string(name)+"="+string(value))
			}
			if !slices.Equal(fields, tt.fields) {
				t.Errorf("fields %q, want %q", fields, tt.fields)
			}
			if code, description := header.Status(block); code != tt.code || string(description) != tt.description {
				t.Errorf("status %d %q, want %d %q", code, description, tt.code, tt.description)
			}
		})
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	block := []byte("NATS/1.0\r\nAbc: 1\r\nAb: 2\r\nab: 3\r\nAb: 4\r\nNone:\r\n\r\n")
	for name, want := range map[string]string{"Ab": "2", "ab": "3", "Abc": "1", "None": ""} {
		if got := header.Get(block, name); got == nil || string(got) != want {
			t.Errorf("Get(%q) = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"AB", "A", "", "Abcd"} {
		if got := header.Get(block, name); got != nil {
			t.Errorf("Get(%q) = %q, want none", name, got)
		}
	}
	var all []string
	for v := range header.Values(block, "Ab") {
		all = append(all, string(v))
	}
	if !slices.Equal(all, []string{"2", "4"}) {
		t.Errorf("Values gave %q", all)
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"empty", header.AppendEnd(header.AppendStart(nil)), "NATS/1.0\r\n\r\n"},
		{"status", header.AppendEnd(header.AppendStatus([]byte("x"), 503, "")), "xNATS/1.0 503\r\n\r\n"},
		{"description", header.AppendEnd(header.AppendStatus(nil, 408, "Request\nTimeout")), "NATS/1.0 408 Request Timeout\r\n\r\n"},
		{"field", header.AppendField(nil, "A", "b"), "A: b\r\n"},
		{"line breaks", header.AppendField(nil, "A", []byte("b\r\nC: d")), "A: b  C: d\r\n"},
		{"one more", header.AppendWith(nil, []byte("NATS/1.0 100\r\nA: 1\r\n\r\n"), "B", "2"), "NATS/1.0 100\r\nA: 1\r\nB: 2\r\n\r\n"},
		{"the first one", header.AppendWith(nil, []byte("NATS/1.0\r\n\r\n"), "B", "2"), "NATS/1.0\r\nB: 2\r\n\r\n"},
		{"no block", header.AppendWith(nil, []byte("abcd"), "B", "2"), "NATS/1.0\r\nB: 2\r\n\r\n"},
		{"no message", header.AppendWith(nil, nil, "B", "2"), "NATS/1.0\r\nB: 2\r\n\r\n"},
	}
	for _, tt := range tests {
		if string(tt.got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	block := []byte("NATS/1.0 503 No\r\nNats-Subject: foo\r\nA: 1\r\n\r\n")
	buf := make([]byte, 0, 256)
	n := testing.AllocsPerRun(100, func() {
		header.Get(block, "A")
		header.Status(block)
		header.AppendWith(buf, block, "B", block[:8])
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// FuzzHeader reads arbitrary bytes, and checks that a block built from arbitrary
// values reads back as it was meant.
func FuzzHeader(f *testing.F) {
	f.Add([]byte("NATS/1.0 503 No Responders\r\nA: 1\r\nB:2\r\n\r\n"), []byte("value"))
	f.Add([]byte("NATS/1.0\r\n\r\n"), []byte("a\r\nInjected: 1\r\n\r\n"))
	f.Add([]byte("NATS/1.0\r\nA"), []byte(" \t"))
	f.Fuzz(func(t *testing.T, block, value []byte) {
		code, _ := header.Status(block)
		if code != 0 && (code < 100 || code > 999 || !header.IsBlock(block)) {
			t.Errorf("status %d from %q", code, block)
		}
		before := 0
		for name := range header.Fields(block) {
			before++
			if header.Get(block, string(name)) == nil {
				t.Errorf("field %q of %q is not found", name, block)
			}
		}
		longer := header.AppendWith(nil, block, "Nats-Test", value)
		if !header.IsBlock(longer) {
			t.Fatalf("%q is no block", longer)
		}
		after, last := 0, ""
		for name := range header.Fields(longer) {
			after++
			last = string(name)
		}
		if after != before+1 && after != 1 { // 1: the block had no end and was replaced
			t.Errorf("%d fields became %d by adding one: %q", before, after, longer)
		}
		if last != "Nats-Test" {
			t.Errorf("the last field of %q is %q", longer, last)
		}
	})
}

func ExampleGet() {
	block := []byte("NATS/1.0\r\nNats-Msg-Id: 42\r\n\r\n")
	fmt.Printf("%s\n", header.Get(block, "Nats-Msg-Id"))
	// Output: 42
}

func ExampleAppendField() {
	b := header.AppendStatus(nil, 503, "No Responders")
	b = header.AppendField(b, "Nats-Subject", "orders.new")
	b = header.AppendEnd(b)
	fmt.Printf("%q\n", b)
	// Output: "NATS/1.0 503 No Responders\r\nNats-Subject: orders.new\r\n\r\n"
}

func BenchmarkGet(b *testing.B) {
	block := []byte("NATS/1.0\r\nNats-Msg-Id: 42\r\nNats-Expected-Stream: ORDERS\r\nNats-Time-Stamp: 1\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		header.Get(block, "Nats-Time-Stamp")
	}
}
