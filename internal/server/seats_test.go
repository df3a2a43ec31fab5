package server

import (
	"context"
	"testing"
)

func TestSeats(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := make(seats, 2)
	if s.full() || !s.take(ctx) || !s.take(ctx) || !s.full() {
		t.Fatal("two seats are not two")
	}
	s.leave()
	if s.full() || !s.take(ctx) {
		t.Error("a seat that was left is not free")
	}
	cancel()
	if s.take(ctx) {
		t.Error("there is a third seat")
	}
	var all seats
	if all.full() || !all.take(t.Context()) {
		t.Error("no bound refuses")
	}
	all.leave()
}

func TestNewSeats(t *testing.T) {
	t.Parallel()
	s := newSeats()
	if limit := maxDescriptors(); limit > 0 && (cap(s) < 1 || cap(s) > limit) {
		t.Errorf("%d seats with %d descriptors", cap(s), limit)
	}
}
