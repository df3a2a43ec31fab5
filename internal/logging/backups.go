package logging

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"natsd/internal/task"
)

// backupStamp is what the name of a rotated file ends with.
const backupStamp = ".2006.01.02.15.04.05.000000000"

const (
	compressed = ".gz"
	unfinished = ".gz.tmp"
)

// policy says which backups stay, and in which form.
type policy struct {
	files    int           // the current one included; 0 keeps all
	age      time.Duration // since the last write; 0 keeps all
	compress bool
}

// keeper holds the backups of one log file to a policy, apart from the writers: removing and
// compressing large files takes time.
type keeper struct {
	path   string
	policy policy
	failed func(error)
	due    chan struct{}
	tasks  *task.Group
}

func newKeeper(path string, p policy, failed func(error)) *keeper {
	k := &keeper{path: path, policy: p, failed: failed, due: make(chan struct{}, 1), tasks: task.New(context.Background(), nil)}
	k.look() // what an earlier run has left
	k.tasks.Go("log backups", k.run)
	return k
}

// look asks for a look at the backups; it does not wait.
func (k *keeper) look() {
	select {
	case k.due <- struct{}{}:
	default:
	}
}

func (k *keeper) close() {
	k.tasks.Stop()
	k.tasks.Wait()
}

func (k *keeper) run(ctx context.Context) {
	var older <-chan time.Time // files grow old also when nothing is rotated
	if k.policy.age > 0 {
		ticker := time.NewTicker(min(max(k.policy.age/4, time.Second), time.Hour))
		defer ticker.Stop()
		older = ticker.C
	}
	reported := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.due:
		case <-older:
		}
		err := k.tidy(ctx)
		if err != nil && !reported && ctx.Err() == nil {
			k.failed(err)
		}
		reported = err != nil
	}
}

// backup is one rotated file.
type backup struct {
	path string
	info fs.FileInfo
}

// tidy removes what the policy does not keep and compresses the rest if asked to.
func (k *keeper) tidy(ctx context.Context) error {
	found, err := k.list()
	if err != nil {
		return err
	}
	keep := len(found)
	if k.policy.files > 0 {
		keep = k.policy.files - 1
	}
	var errs []error
	for i, b := range found {
		switch {
		case i >= keep, k.policy.age > 0 && time.Since(b.info.ModTime()) > k.policy.age:
			errs = append(errs, os.Remove(b.path))
		case k.policy.compress && !strings.HasSuffix(b.path, compressed):
			errs = append(errs, compress(ctx, b))
		}
	}
	return errors.Join(errs...)
}

// list returns the backups, newest first, and removes what an interrupted compression has left.
func (k *keeper) list() ([]backup, error) {
	dir, base := filepath.Split(k.path)
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []backup
	for _, f := range files {
		stamp, ours := strings.CutPrefix(f.Name(), base)
		if !ours || !f.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, f.Name())
		if name, partial := strings.CutSuffix(stamp, unfinished); partial && isStamp(name) {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
			continue
		}
		if !isStamp(strings.TrimSuffix(stamp, compressed)) {
			continue
		}
		info, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, backup{path: path, info: info})
	}
	slices.SortFunc(found, func(a, b backup) int { return -cmp.Compare(a.path, b.path) })
	return found, nil
}

func isStamp(s string) bool {
	_, err := time.Parse(backupStamp, s)
	return err == nil
}

// compress replaces a backup by its gzip form, with the same mode and time.
func compress(ctx context.Context, b backup) (err error) {
	src, err := os.Open(b.path)
	if err != nil {
		return err
	}
	defer src.Close()
	partial := b.path + unfinished
	dst, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, b.info.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(partial))
		}
	}()
	zip := gzip.NewWriter(dst)
	_, err = io.Copy(zip, &interruptible{ctx, src})
	if err = errors.Join(err, zip.Close(), dst.Close()); err != nil {
		return err
	}
	if err := os.Chtimes(partial, time.Time{}, b.info.ModTime()); err != nil {
		return err
	}
	if err := os.Rename(partial, b.path+compressed); err != nil {
		return err
	}
	return os.Remove(b.path)
}

// interruptible is a reader that ends with its context.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
