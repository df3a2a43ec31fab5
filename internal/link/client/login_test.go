package client

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// TestCrowdOfSlowPasswords: the timeout is for a client to bring its credentials. Clients that have done
// so are all let in, however long the queue for bcrypt is.
func TestCrowdOfSlowPasswords(t *testing.T) {
	t.Parallel()
	slow(t)
	const users = 16
	hash, err := bcrypt.GenerateFromPassword([]byte("p"), 9)
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for i := range users {
		fmt.Fprintf(&list, "{user: u%d, password: %q}\n", i, hash)
	}
	h := open(t, "authorization { timeout: 0.3, users: [\n"+list.String()+"] }")
	var crowd []*peer
	for i := range users {
		c := h.dial()
		c.say(fmt.Sprintf("CONNECT {\"user\":\"u%d\",\"pass\":\"p\",\"verbose\":false}\r\nPING\r\n", i))
		crowd = append(crowd, c)
	}
	for _, c := range crowd {
		c.expect("PONG")
	}
}

// TestKickWhileWaitingForBcrypt: a client that stands in the queue can be ended.
func TestKickWhileWaitingForBcrypt(t *testing.T) {
	t.Parallel()
	slow(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("p"), 13)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, fmt.Sprintf("authorization { users: [ {user: u, password: %q} ] }", hash))
	var crowd []*peer
	for range 6 {
		c := h.dial()
		c.say("CONNECT {\"user\":\"u\",\"pass\":\"wrong\"}\r\n")
		crowd = append(crowd, c)
	}
	start := time.Now()
	h.Stop()
	for _, c := range crowd {
		c.ended()
	}
	if d := time.Since(start); d > patience/2 {
		t.Errorf("took %v", d)
	}
}

// slow skips a test that is about the time that bcrypt takes, where that is not the usual time.
func slow(t *testing.T) {
	t.Helper()
	if racing {
		t.Skip("bcrypt takes ten times as long under the race detector")
	}
}
