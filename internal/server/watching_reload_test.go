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
	const pause = 20 * time.Millisecond // far below the time after which a file counts as written
	rounds := 0
	for i := 0; rounds < 10; i++ {
		if i == 200 {
			t.Fatalf("the machine is too busy: only %d of %d writes took about %v", rounds, i, pause)
		}
		head, tail := strings.ReplaceAll(onLoopback, "<dir>", l.dir)+fmt.Sprintf("server_metadata { n: 'v%d' }\n", i), "server_tags: [ x ]\n"
		f := must(os.OpenFile(l.path, os.O_WRONLY|os.O_TRUNC, 0))
		began := time.Now()
		_, _ = f.WriteString(head) // a valid file by itself
		var g sync.WaitGroup
		var took time.Duration
		g.Go(func() {
			time.Sleep(pause)
			_, _ = f.WriteString(tail)
			took = time.Since(began)
			_ = f.Close()
		})
		if err := l.filesChanged(context.Background(), watch.Change{}); err != nil {
			t.Fatal(err)
		}
		g.Wait()
		if took > 3*pause {
			continue // who writes so slowly looks as if he were through
		}
		rounds++
		if o := l.Options(); len(o.Tags) != 1 || o.Metadata["n"] != fmt.Sprintf("v%d", i) {
			t.Fatalf("round %d: half of the file is in force: %v, %v", i, o.Tags, o.Metadata)
		}
	}
}
