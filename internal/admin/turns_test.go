package admin

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Many who come again and again stand behind one who comes for the first time.
func TestTurnsGoByAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ts turns
		order := make(chan string, 100)
		come := func(from string) {
			go func() {
				err := ts.take(t.Context(), from)
				if err != nil {
					order <- from + ": " + err.Error()
					return
				}
				order <- from
				time.Sleep(time.Millisecond)
				ts.give()
			}()
			synctest.Wait()
		}
		come("loud")
		for range mostFromOne + 1 {
			come("loud")
		}
		come("quiet")
		var got []string
		for range 4 {
			got = append(got, <-order)
		}
		if want := fmt.Sprint([]string{"loud", "loud: " + errBusy.Error(), "quiet", "loud"}); fmt.Sprint(got) != want {
			t.Errorf("%v, want %s", got, want)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if ts.taken || len(ts.waiting) > 0 {
			t.Errorf("%v %d", ts.taken, len(ts.waiting))
		}
	})
}

// When all places are taken, who has had his turns makes room for who has not.
func TestTurnsMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ts turns
		for i := range mostWaiting { // each has been there
			if err := ts.take(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
			ts.give()
		}
		if err := ts.take(t.Context(), "first"); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, mostWaiting)
		for i := range mostWaiting {
			go func() {
				err := ts.take(t.Context(), fmt.Sprint(i))
				failed <- err
				if err == nil {
					ts.give()
				}
			}()
		}
		synctest.Wait()
		if err := ts.take(t.Context(), "63"); !errors.Is(err, errBusy) {
			t.Errorf("the last of all has a place: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- ts.take(t.Context(), "new") }()
		synctest.Wait()
		if err := <-failed; !errors.Is(err, errBusy) {
			t.Errorf("nobody has made room: %v", err)
		}
		ts.give()
		if err := <-done; err != nil {
			t.Error(err)
		}
		ts.give()
		for range mostWaiting - 1 {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
	})
}

// Where many wait, one makes room for somebody from elsewhere, though none of them has had a turn.
func TestTurnsMakeRoomForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ts turns
		if err := ts.take(t.Context(), "first"); err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		for i := range mostWaiting {
			go func() { _ = ts.take(ctx, fmt.Sprint(i/2)) }() // two at each
		}
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- ts.take(ctx, "new") }()
		synctest.Wait()
		if len(ts.waiting) != mostWaiting || ts.waiting[mostWaiting-1].from != "new" {
			t.Errorf("%d wait", len(ts.waiting))
		}
		if err := ts.take(ctx, "new"); !errors.Is(err, errBusy) { // two at each again
			t.Error(err)
		}
		leave()
		synctest.Wait()
		if err := <-done; !errors.Is(err, context.Canceled) || len(ts.waiting) > 0 {
			t.Errorf("%v, %d wait", err, len(ts.waiting))
		}
	})
}

func TestTurnsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ts turns
		if err := ts.take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := ts.take(t.Context(), "b"); !errors.Is(err, errBusy) || time.Since(began) != turnWait {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if err := ts.take(ctx, "b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		ts.give()
		if err := ts.take(t.Context(), "b"); err != nil {
			t.Error(err)
		}
	})
}
