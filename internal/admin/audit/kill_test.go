package audit

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// isChild tells the process of a test that it is the one which writes until it is killed.
const isChild = "NATSD_TEST_AUDIT"

// killedFile is what it writes to, in its folder.
const killedFile = "audit.log"

func TestMain(m *testing.M) {
	if os.Getenv(isChild) != "" {
		writeUntilKilled()
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled tells each record that is on disk.
func writeUntilKilled() {
	l, err := open(killedFile, 8192) // it is put aside often
	for i := 0; err == nil; i++ {
		r := record(i)
		r.Params["text"] = strings.Repeat("x", i%700)
		if err = l.Append(r); err == nil {
			fmt.Println(r.Seq)
		}
	}
	fmt.Println(err)
}

// Whenever the process is killed: what Append has promised is there, and the chain holds and goes on.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, killedFile)
	promised := 0
	for round := range 6 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Dir, child.Env = dir, append(os.Environ(), isChild+"=1")
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			seq, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Error(lines.Text())
			}
			promised = seq
			if n == 10+7*round {
				_ = child.Process.Kill() // what it has said until then is still read
			}
		}
		_ = child.Wait() // it was killed
		l := opened(t, path, 8192)
		check, err := l.Verify(t.Context())
		if err != nil || !check.Valid || check.Records < promised {
			t.Errorf("round %d: %+v %v, %d promised", round, check, err, promised)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if promised < 60 {
		t.Errorf("only %d records", promised)
	}
}
