package monitor

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestScarceIsMadeOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made := 0
		var s scarce[int]
		ask := func() int { return s.get(func() int { made++; return made }) }
		for range 100 {
			if got := ask(); got != 1 {
				t.Fatal(got)
			}
		}
		time.Sleep(scarceFor)
		synctest.Wait()
		if s.value != 0 || ask() != 2 {
			t.Errorf("made %d times", made)
		}
	})
}
