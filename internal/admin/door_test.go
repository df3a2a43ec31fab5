package admin

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A door is shut to who has asked too much, for a moment, and to nobody else.
func TestDoor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ask := func(credential string) *http.Request {
			r, err := http.NewRequestWithContext(withDoor(t.Context()), http.MethodGet, "/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if credential != "" {
				r.Header.Set("Authorization", credential)
			}
			return r
		}
		d := doorOf(ask(""))
		if d.refuses(ask("")) {
			t.Error("a door is shut from the beginning")
		}
		d.shut(ask("Bearer a"))
		if !d.refuses(ask("Bearer a")) || d.refuses(ask("Bearer b")) || d.refuses(ask("")) {
			t.Error("the door is shut to somebody else")
		}
		d.shut(ask(""))
		if !d.refuses(ask("")) || d.refuses(ask("Bearer a")) {
			t.Error("the door is shut to who was refused before")
		}
		time.Sleep(doorPeriod)
		if d.refuses(ask("")) {
			t.Error("the door stays shut")
		}
		if none := doorOf(new(http.Request)); none.refuses(ask("")) {
			t.Error("no door is shut")
		}
	})
}
