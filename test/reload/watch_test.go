package reload

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// quantile returns the value that a share of them does not exceed.
func quantile(all []time.Duration, share float64) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, int(share*float64(len(all))))]
}

// lately waits until something is so, looking often.
func lately(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestSavedFileIsInForce saves the file again and again, in place, by a rename as editors do, and by the
// change of a link as Kubernetes does, and tells how long it takes until clients are told.
func TestSavedFileIsInForce(t *testing.T) {
	t.Parallel()
	conf := func(i int) string { return listen + fmt.Sprintf("max_payload: %d\n", 1000+i) }
	s := watched(t, conf(0))
	c, _ := s.enter("")
	var took []time.Duration
	for i := range soak(20, 200) {
		text := s.scope.Expand(conf(i + 1))
		began := time.Now()
		switch i % 3 {
		case 0:
			put(t, s.Config, text)
		case 1:
			if err := s.SetConfig(text); err != nil {
				t.Fatal(err)
			}
		default:
			real := fmt.Sprintf("%s.%d", s.Config, i)
			put(t, real, text)
			link := s.Config + ".link"
			if err := os.Symlink(filepath.Base(real), link); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(link, s.Config); err != nil {
				t.Fatal(err)
			}
		}
		for {
			info := infoOf(t, c.Expect(t, "INFO"))
			if info["max_payload"] == float64(1001+i) {
				break
			}
		}
		took = append(took, time.Since(began))
	}
	lately(t, "one reload for each change", func() bool { return strings.Count(s.log(), reloaded) == len(took) })
	t.Logf("from the change to the INFO: median %v, 99 %% %v", quantile(took, 0.5), quantile(took, 0.99))
}

// TestManySaves: a thousand writes in a row are a handful of reloads, with the right end.
func TestManySaves(t *testing.T) {
	t.Parallel()
	s := watched(t, listen)
	began := time.Now()
	for i := range 1000 {
		put(t, s.Config, s.scope.Expand(listen+fmt.Sprintf("max_payload: %d\n", 1000+i)))
		time.Sleep(time.Millisecond)
	}
	took := time.Since(began)
	lately(t, "the last one is in force", func() bool { return s.varz("max_payload") == float64(1999) })
	n := strings.Count(s.log(), reloaded)
	if n > 5 {
		t.Errorf("%d reloads", n)
	}
	t.Logf("%d reloads for 1000 writes in %v", n, took.Round(time.Millisecond))
}

// TestCertificatesAreWatched: a pair that is replaced file by file is shown when it is whole; until then
// the old one is, to everybody.
func TestCertificatesAreWatched(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	dir := prepared(t, ca)
	s := watched(t, listen+in(dir, "tls { "+ownCert+" }\n"))
	nc := s.dial(nats.Secure(ca.client(nil)))
	shown := func() string {
		state, err := s.handshake(ca.client(nil))
		if err != nil {
			t.Fatal(err)
		}
		return state.PeerCertificates[0].Subject.CommonName
	}
	var took []time.Duration
	last := shown()
	for i := range soak(5, 50) {
		name := fmt.Sprintf("turn%d", i)
		cert, key := ca.issue(name)
		put(t, filepath.Join(dir, "cert.pem"), cert)
		if i%2 == 0 { // long enough to be noticed
			lately(t, "the mismatch is refused", func() bool { return strings.Count(s.log(), refused) > i/2 })
			if got := shown(); got != last {
				t.Errorf("%s is shown, want %s", got, last)
			}
		}
		began := time.Now()
		put(t, filepath.Join(dir, "key.pem"), key)
		lately(t, name+" is shown", func() bool { return shown() == name })
		took = append(took, time.Since(began))
		last = name
	}
	flows(t, nc, nc)
	v, err := s.Varz()
	if err != nil || v["tls_cert_not_after"] == nil {
		t.Errorf("%v %v", v["tls_cert_not_after"], err)
	}
	t.Logf("from the key to the handshake: median %v, 99 %% %v", quantile(took, 0.5), quantile(took, 0.99))
}
