package outbound

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// Whatever is appended in which pieces, and whenever the writer takes how much of it, the bytes come
// out in order, and buffers that are used again elsewhere meanwhile do not mix in.
func TestPiecesOfAnyKind(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		queues := [2]Queue{}
		sinks, wants := [2]sink{}, [2]bytes.Buffer{}
		left := [2]bool{}
		for i := range 400 {
			k := rnd.IntN(2)
			q, s := &queues[k], &sinks[k]
			s.limit = 1 << rnd.IntN(18)
			text := bytes.Repeat(fmt.Appendf(nil, "%d/%d;", k, i), 1+rnd.IntN(1<<rnd.IntN(11)))
			switch rnd.IntN(6) {
			case 0, 1, 2:
				put(q, string(text))
			case 3:
				body := Share(text, "")
				q.Lock()
				q.ShareLocked(body, 0)
				q.Unlock()
				body.Release()
			case 4:
				q.Lock()
				q.CopyLocked(text)
				q.Unlock()
			default:
				if left[k] {
					left[k], _ = q.Resume(s.send, 1)
				} else {
					left[k], _ = q.Flush(s.send, 1)
				}
				continue
			}
			wants[k].Write(text)
		}
		for k := range queues {
			q, s := &queues[k], &sinks[k]
			s.limit = 1 << 20
			if !left[k] {
				left[k], _ = q.Flush(s.send, 1)
			}
			for left[k] {
				left[k], _ = q.Resume(s.send, 1)
			}
			if !bytes.Equal(s.got.Bytes(), wants[k].Bytes()) {
				t.Fatalf("seed %d, queue %d: got %d bytes, want %d, or in another order", seed, k, s.got.Len(), wants[k].Len())
			}
			if q.tail != nil || q.cut != 0 || q.busy || q.flight != nil || q.chunks != nil {
				t.Fatalf("seed %d: the queue is not at rest", seed)
			}
		}
	}
}
