package client

import (
	"math/rand/v2"
	"os"
	"testing"

	"natsd/internal/conn"
)

// sceneCount is how many configurations the model test has.
const sceneCount = 24

// FuzzModel plays a script twice, in reads as it says, and message by message with nothing remembered, and
// compares both with the model: every message once, in order, to those who may have it, one of each queue
// group, as often as wanted; every refusal and every end.
func FuzzModel(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(randomScript(seed, 100+int(seed)*20))
	}
	scenes := newScenes(f, sceneCount)
	f.Fuzz(func(t *testing.T, text []byte) {
		playBothWays(t, text, scenes)
	})
}

// TestModel is the fuzz test with scripts drawn by chance, enough of them to see every kind of end.
func TestModel(t *testing.T) {
	t.Parallel()
	scenes, ends, n := newScenes(t, sceneCount), map[conn.Reason]int{}, 500
	switch {
	case os.Getenv("NATSD_SOAK") == "1":
		n = 50_000
	case racing:
		n = 100
	}
	for seed := range n {
		for _, lives := range playBothWays(t, randomScript(1000+uint64(seed), 600), scenes) {
			for _, l := range lives {
				ends[l.why]++
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, why := range []conn.Reason{
		conn.ClientClosed, conn.SlowConsumerPendingBytes, conn.MaxPayloadExceeded, conn.ProtocolViolation,
		conn.AuthenticationViolation, conn.CredentialsRevoked, conn.MaxSubscriptionsExceeded,
	} {
		if ends[why] == 0 {
			t.Errorf("nobody has ended with %q: the test has not shown much", why)
		}
	}
}

// playBothWays returns the lives of the clients as they went in reads.
func playBothWays(t *testing.T, text []byte, scenes []*scene) (lives [actors][]*life) {
	t.Helper()
	s := decode(text, len(scenes))
	for _, plain := range []bool{true, false} {
		var err error
		if lives, err = perform(s, scenes, plain); err == nil {
			err = judge(s, scenes, lives)
		}
		if err != nil {
			t.Errorf("message by message %v: %v\n%v", plain, err, s)
		}
	}
	return lives
}

func randomScript(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	text := make([]byte, n)
	for i := range text {
		text[i] = byte(r.IntN(256))
	}
	return text
}
