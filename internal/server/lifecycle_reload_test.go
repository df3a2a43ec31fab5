package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// TestReloadWaitsForTheStart: a signal may come at any time.
func TestReloadWaitsForTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "natsd.conf")
	write := func(port int, name string) {
		text := fmt.Sprintf("host: 127.0.0.1\nport: %d\nserver_name: %s\nlog_file: '%s/natsd.log'\nwatch: false\n", port, name, dir)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(-1, "before")
	src := config.Source{Path: path, Environ: map[string]string{}}
	o, report := config.Load(src)
	if o == nil {
		t.Fatal(report.Err())
	}
	s := must(New(o, WithSource(src)))
	port := free(t)
	write(port, "after")
	done := make(chan error, 1)
	go func() { done <- s.Reload(context.Background(), "early") }()
	select {
	case err := <-done:
		t.Fatal("reloaded before the start:", err)
	case <-time.After(20 * time.Millisecond):
	}
	short, cancelShort := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancelShort()
	if err := s.Reload(short, "impatient"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if a := s.ClientAddr().String(); a != fmt.Sprintf("127.0.0.1:%d", port) || s.Options().ServerName != "after" {
		t.Error(a, s.Options().ServerName)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.Reload(context.Background(), "late"); !errors.Is(err, errStopped) {
		t.Error(err)
	}
}

// TestReloadAfterAFailedStart does not wait for what will never come.
func TestReloadAfterAFailedStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "natsd.conf")
	if err := os.WriteFile(path, []byte("listen: 192.0.2.1:4222\nlog_file: '"+dir+"/natsd.log'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := config.Source{Path: path, Environ: map[string]string{}}
	o, _ := config.Load(src)
	s := must(New(o, WithSource(src)))
	done := make(chan error, 1)
	go func() { done <- s.Reload(context.Background(), "early") }()
	if err := s.Run(t.Context()); err == nil {
		t.Fatal("started on an address of somebody else")
	}
	if err := <-done; !errors.Is(err, errStopped) {
		t.Error(err)
	}
}

// TestManyWishesOneReport: requests that are carried out together are logged once.
func TestManyWishesOneReport(t *testing.T) {
	t.Parallel()
	l := serve(t, "server_name: before")
	if err := l.write(onLoopback + "server_name: after"); err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	for range 20 {
		g.Go(func() {
			if _, err := l.ReloadReport(context.Background(), reload.Request{Who: "many"}); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	text := string(must(os.ReadFile(l.dir + "/natsd.log")))
	if n := strings.Count(text, "Reloaded: server_name = after"); n != 1 {
		t.Errorf("the change is told %d times:\n%s", n, text)
	}
	if n := len(l.reload.History()); n > 21 {
		t.Errorf("%d attempts for 20 wishes", n)
	}
}
