package admin_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"natsd/internal/admin/api"
)

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	issue := func(key, note string, headers ...string) answer {
		return n.ask("POST", "/tokens", api.NewToken{Note: note}, append([]string{"Idempotency-Key", key}, headers...)...)
	}
	var first, again api.IssuedToken
	n.want(issue("k1", "a"), http.StatusCreated, &first)
	replayed := issue("k1", "a")
	n.want(replayed, http.StatusCreated, &again)
	if again.ID != first.ID || again.Secret != "" || replayed.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%+v %+v %v", first, again, replayed.Header)
	}
	n.problem(issue("k1", "b"), api.Conflict)
	var other api.IssuedToken
	n.want(issue("k1", "a", bearer("s-ada")...), http.StatusCreated, &other) // the keys of others are theirs
	if other.ID == first.ID {
		t.Error("somebody else's answer")
	}
	n.problem(issue(strings.Repeat("k", 200), "a"), api.BadRequest)
	// What was refused can be tried again.
	n.problem(n.ask("POST", "/tokens", api.NewToken{Role: "god"}, "Idempotency-Key", "k2"), api.InvalidParameter)
	n.want(issue("k2", "a"), http.StatusCreated, nil)

	var made, refused atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch a := issue("k3", "many"); {
			case a.StatusCode == http.StatusConflict:
				refused.Add(1)
			case a.Header.Get("Idempotency-Replayed") == "":
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("done %d times, %d refused", made.Load(), refused.Load())
	}
}
