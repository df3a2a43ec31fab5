package logging

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSyslogTransports(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp", "unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			address, messages := syslogServer(t, network)
			l := open(t, Config{RemoteSyslog: address, Time: true, Debug: true, Trace: true, Color: true, Stderr: &buffer{}})
			logger := l.Logger().With("client", "127.0.0.1:1 - cid:5")
			for _, level := range []slog.Level{LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, LevelFatal} {
				logger.Log(t.Context(), level, "evil\n<0>forged")
			}
			for _, priority := range []int{31, 31, 29, 28, 27, 26} {
				want := regexp.MustCompile(fmt.Sprintf(`^<%d>\d{4}-\d\d-\d\dT\S+ \S+ %s\[%d\]: 127\.0\.0\.1:1 - cid:5 - evil\\n<0>forged\n$`,
					priority, regexp.QuoteMeta(filepath.Base(os.Args[0])), os.Getpid()))
				select {
				case got := <-messages:
					if !want.MatchString(got) {
						t.Errorf("message %q, want %s", got, want)
					}
				case <-time.After(5 * time.Second):
					t.Fatal("no message")
				}
			}
		})
	}
}

// syslogServer listens and passes on what comes in, by message or by line.
func syslogServer(t *testing.T, network string) (address string, messages <-chan string) {
	t.Helper()
	out := make(chan string, 100)
	at := "127.0.0.1:0"
	if strings.HasPrefix(network, "unix") {
		at = filepath.Join(t.TempDir(), "syslog")
	}
	var server sync.WaitGroup
	if network == "udp" || network == "unixgram" {
		conn, err := net.ListenPacket(network, at)
		if err != nil {
			t.Fatal(err)
		}
		server.Go(func() {
			buf := make([]byte, 64<<10)
			for {
				n, _, err := conn.ReadFrom(buf)
				if err != nil {
					return
				}
				out <- string(buf[:n])
			}
		})
		t.Cleanup(func() { conn.Close(); server.Wait() })
		return urlOf(network, conn.LocalAddr()), out
	}
	ln, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	server.Go(func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			out <- line
		}
	})
	t.Cleanup(func() { ln.Close(); server.Wait() })
	return urlOf(network, ln.Addr()), out
}

func urlOf(network string, addr net.Addr) string {
	return strings.TrimSuffix(network, "gram") + "://" + addr.String()
}

func TestSyslogReconnects(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var stderr buffer
	l := open(t, Config{RemoteSyslog: "tcp://" + ln.Addr().String(), Stderr: &stderr})
	first, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	first.Close()
	eventually(t, "the loss is told", func() bool {
		l.Logger().Info("lost or late")
		return strings.Contains(stderr.String(), "does not take log lines")
	})
	second, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	l.Logger().Info("made it")
	r := bufio.NewReader(second)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(line, "made it\n") {
			break
		}
	}
	eventually(t, "recovery is told", func() bool {
		return !l.Counters().Failing && strings.Count(stderr.String(), "\n") == 2
	})
}

// A server that does not read must not hold up the callers, nor the end.
func TestStalledSyslog(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var stderr buffer
	l := open(t, Config{RemoteSyslog: "tcp://" + ln.Addr().String(), Stderr: &stderr})
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	start := time.Now()
	for i := range 3 * syslogQueue {
		l.Logger().Info(strings.Repeat("x", 2000), "i", i)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("callers were held up for %v", took)
	}
	if c := l.Counters(); c.Dropped == 0 || !c.Failing {
		t.Errorf("counters %+v", c)
	}
	if got := stderr.String(); strings.Count(got, "too slowly") != 1 {
		t.Errorf("stderr: %q", got)
	}
	start = time.Now()
	_ = l.Close() // tells that something was left
	if took := time.Since(start); took > syslogLinger+2*time.Second {
		t.Errorf("close took %v", took)
	}
}

func TestLongMessageIsCut(t *testing.T) {
	t.Parallel()
	address, messages := syslogServer(t, "udp")
	l := open(t, Config{RemoteSyslog: address, Stderr: &buffer{}})
	l.Logger().Info(strings.Repeat("x", 200<<10))
	select {
	case got := <-messages:
		if len(got) < syslogLength || len(got) > syslogLength+200 || !strings.HasSuffix(got, "x\n") {
			t.Errorf("%d bytes", len(got))
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no message")
	}
}

func TestSyslogRefusals(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	for address, want := range map[string]string{
		"http://x":                      `unknown scheme "http"`,
		"tcp://" + ln.Addr().String():   "connection refused",
		"unix:///does/not/exist":        "no such file",
		"tcp://user:canary@%zz:1":       "not a URL",
		"ftp://user:canary@localhost:1": `unknown scheme "ftp"`,
	} {
		_, err := Open(Config{RemoteSyslog: address, Stderr: io.Discard})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: err = %v, want %q", address, err, want)
		}
	}
	l := open(t, Config{Stderr: io.Discard})
	if _, err := l.Prepare(Config{RemoteSyslog: "tcp://" + ln.Addr().String()}); err == nil {
		t.Error("an unreachable server was accepted")
	}
	l.Logger().Info("still works")
	if c := l.Counters(); c.Written != 1 {
		t.Errorf("counters %+v", c)
	}
}
