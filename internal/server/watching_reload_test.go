package server

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"natsd/internal/reload/watch"
)

// TestWatcherReadsNoHalfFile: when the watcher's turn comes while somebody has begun to write a file
// again, what is loaded is the whole of it.
func TestWatcherReadsNoHalfFile(t *testing.T) {
	t.Parallel()
	l := serve(t, "server_tags: [ x ]")
	for i := range 10 {
		head, tail := strings.ReplaceAll(onLoopback, "<dir>", l.dir)+fmt.Sprintf("server_metadata { n: 'v%d' }\n", i), "server_tags: [ x ]\n"
		f := must(os.OpenFile(l.path, os.O_WRONLY|os.O_TRUNC, 0))
		_, _ = f.WriteString(head) // a valid file by itself
		var g sync.WaitGroup
		g.Go(func() {
			time.Sleep(20 * time.Millisecond)
			_, _ = f.WriteString(tail)
			_ = f.Close()
		})
		if err := l.filesChanged(context.Background(), watch.Change{}); err != nil {
			t.Fatal(err)
		}
		g.Wait()
		if o := l.Options(); len(o.Tags) != 1 || o.Metadata["n"] != fmt.Sprintf("v%d", i) {
			t.Fatalf("round %d: half of the file is in force: %v, %v", i, o.Tags, o.Metadata)
		}
	}
}
