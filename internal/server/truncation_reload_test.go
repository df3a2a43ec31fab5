package server

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"natsd/internal/auth"
	"natsd/internal/reload"
)

// TestTruncatedFilesNeverOpen cuts configurations off after every byte and reloads what is left. Some
// of that is a valid file; whatever comes of it, nobody gets in who did not before, nobody may do more,
// and nothing listens for more than this machine that did not.
func TestTruncatedFilesNeverOpen(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs addresses of the net 127/8")
	}
	names := must(filepath.Glob("testdata/cut/*.conf"))
	if len(names) != 20 {
		t.Fatalf("%d configurations", len(names))
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".conf"), func(t *testing.T) {
			t.Parallel()
			truncate(t, string(must(os.ReadFile(name))))
		})
	}
}

func truncate(t *testing.T, full string) {
	t.Helper()
	dir := t.TempDir()
	for _, part := range must(filepath.Glob("testdata/cut-parts/*")) {
		text := strings.ReplaceAll(string(must(os.ReadFile(part))), "<net>", ownNet)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(part)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range regexp.MustCompile(`'([^']+)'`).FindAllStringSubmatch(tlsBlock(t), -1) {
		if err := os.Rename(file[1], filepath.Join(dir, filepath.Base(file[1]))); err != nil {
			t.Fatal(err)
		}
	}
	quiet := "log_file: '<dir>/natsd.log'\n" // first, so that it is never cut
	if strings.HasPrefix(full, "{") {
		quiet = ""
	}
	full = strings.NewReplacer("<dir>", dir, "<net>", ownNet, "<port>", ownPort).Replace(quiet + full)
	quiet = strings.ReplaceAll(quiet, "<dir>", dir)
	l, err := begin(dir, full)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.end(); err != nil {
			t.Error(err)
		}
	}()
	whole := l.Options()
	want := rightsOf(l)
	applied, refused := 0, 0
	for n := len(quiet); n < len(full); n++ {
		cut := full[:n]
		before := l.Options()
		report, err := l.try(cut)
		if err != nil {
			refused++
			if l.Options() != before || report.Result != reload.Refused {
				t.Fatalf("after %d bytes: %s, and something else is in force:\n%s", n, report.Result, cut)
			}
			continue
		}
		applied++
		for _, more := range want.exceededBy(rightsOf(l)) {
			t.Errorf("after %d bytes: %s:\n%s", n, more, cut)
		}
		if report.Result == reload.NoChange {
			continue
		}
		if _, err := l.try(full); err != nil {
			t.Fatalf("after %d bytes, and back: %v\n%s", n, err, cut)
		}
		if diff := reload.Diff(whole, l.Options()); len(diff) > 0 {
			t.Fatalf("after %d bytes, and back: %v", n, diff)
		}
	}
	t.Logf("%d cuts: %d refused, %d applied", applied+refused, refused, applied)
}

// rights is who may do what at a server, and from where.
type rights struct {
	granted   map[string]*auth.Grant // what a credential is good for; those that are refused are not listed
	encrypted bool
	public    map[string]bool // sockets that more than this machine reaches
}

// visits gives every login an address of its own, so that failures delay nobody.
var visits atomic.Uint32

func rightsOf(l *live) rights {
	set := l.clients.Settings()
	r := rights{granted: map[string]*auth.Grant{}, public: map[string]bool{}}
	for _, c := range []string{
		"", "x/y", "alice/one", "bob/two", "admin/adminpw", "client/clientpw", "service/servicepw", "limited/limitedpw",
		"other/otherpw", "sys/three", "viaproxy/x", "direct/y", "bob's token", "bob", "alice/", "admin/", "o/otherpw",
	} {
		user, pass, named := strings.Cut(c, "/")
		req := &auth.Request{Type: auth.Standard, Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, visits.Add(1)))), 1), Nonce: []byte("n"), Connected: true, User: user, Pass: pass}
		if !named {
			req.User, req.Token = "", c
		}
		if g, err := set.Auth.Authenticate(context.Background(), req); err == nil {
			r.granted[c] = g
		}
	}
	r.encrypted = set.Info.TLSRequired
	for _, s := range []*socket{&l.sockets.clients, &l.sockets.monitor, &l.sockets.profile} {
		if a, ok := s.addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
			r.public[s.name] = true
		}
	}
	return r
}

// exceededBy lists what o allows that r does not.
func (r rights) exceededBy(o rights) (out []string) {
	for who, now := range o.granted {
		if was, ok := r.granted[who]; !ok {
			out = append(out, "\""+who+"\" gets in")
		} else if !was.Same(now) {
			out = append(out, "\""+who+"\" has other rights")
		}
	}
	if r.encrypted && !o.encrypted {
		out = append(out, "clients may come without TLS")
	}
	for name := range o.public {
		if !r.public[name] {
			out = append(out, name+" is open to other machines")
		}
	}
	return out
}
