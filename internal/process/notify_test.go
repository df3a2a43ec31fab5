package process

import (
	"net"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
)

func TestNotifierMessages(t *testing.T) {
	t.Parallel()
	addr := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"}
	srv, err := net.ListenUnixgram("unixgram", addr)
	if err != nil {
		t.Skipf("no datagram sockets here: %v", err)
	}
	defer srv.Close()

	n := Notifier{socket: addr.Name}
	for _, tc := range []struct {
		name string
		send func() error
		want string
	}{
		{"ready", n.Ready, `^READY=1$`},
		{"stopping", n.Stopping, `^STOPPING=1$`},
		{"status", func() error { return n.Status("a\nb") }, `^STATUS=a b$`},
		{"reloading", n.Reloading, `^RELOADING=1\nMONOTONIC_USEC=[1-9]\d*$`},
	} {
		if tc.name == "reloading" && runtime.GOOS != "linux" {
			continue // the clock is Linux's
		}
		if err := tc.send(); err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		buf := make([]byte, 512)
		size, err := srv.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if got := buf[:size]; !regexp.MustCompile(tc.want).Match(got) {
			t.Errorf("%s: sent %q", tc.name, got)
		}
	}
}

func TestNotifierWithoutManager(t *testing.T) {
	t.Parallel()
	var n Notifier
	for _, send := range []func() error{n.Ready, n.Stopping} {
		if err := send(); err != nil {
			t.Error(err)
		}
	}
	gone := Notifier{socket: filepath.Join(t.TempDir(), "gone")}
	if err := gone.Ready(); err == nil {
		t.Error("no error when nobody listens")
	}
}
