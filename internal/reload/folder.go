package reload

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"natsd/internal/config"
	"natsd/internal/staged"
)

// Folder keeps the history on disk, one file for each attempt: its report and the configuration it was
// about, secrets and all. Only the user of the server can read them. A folder belongs to one server.
type Folder struct {
	dir  string
	last int      // revision that was there when it was opened
	made []string // folders that were not there, outermost first
}

// record is the content of one file.
type record struct {
	Report        *Report
	Configuration *config.Dump `json:",omitempty"`
}

const (
	recordPrefix = "revision-"
	recordSuffix = ".json.gz"
	recordMode   = 0o600
	folderMode   = 0o700
	// recordLimit bounds what is read back: no configuration is larger.
	recordLimit = 256 << 20
)

// OpenFolder makes the folder if it is not there and finds out whether it can be written to. Nothing is
// left behind when it fails.
func OpenFolder(dir string) (*Folder, error) {
	f := &Folder{dir: dir}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("history: %w", errors.Join(err, f.Discard()))
	}
	return f, nil
}

func (f *Folder) open() error {
	for dir := filepath.Clean(f.dir); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		f.made = append([]string{dir}, f.made...)
	}
	if err := os.MkdirAll(f.dir, folderMode); err != nil {
		return err
	}
	probe, err := staged.New(filepath.Join(f.dir, recordPrefix+"test"), nil, recordMode)
	if err != nil {
		return err
	}
	all, err := f.revisions()
	if len(all) > 0 {
		f.last = all[len(all)-1]
	}
	return errors.Join(err, probe.Discard())
}

// Discard removes the folder again if it was made for nothing.
func (f *Folder) Discard() error {
	var errs []error
	for _, dir := range slices.Backward(f.made) {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	f.made = nil
	return errors.Join(errs...)
}

func (f *Folder) path(revision int) string {
	return filepath.Join(f.dir, fmt.Sprintf("%s%09d%s", recordPrefix, revision, recordSuffix))
}

// save writes one attempt. Whoever reads the file sees all of it or nothing.
func (f *Folder) save(e entry) error {
	r := record{Report: e.report}
	if e.archive != nil {
		r.Configuration = e.archive.Dump()
	}
	var text bytes.Buffer
	z := gzip.NewWriter(&text)
	if err := errors.Join(json.NewEncoder(z).Encode(r), z.Close()); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := staged.Write(f.path(e.report.Revision), text.Bytes(), recordMode); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// revisions lists what is there, oldest first.
func (f *Folder) revisions() ([]int, error) {
	names, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, n := range names {
		number, ok := strings.CutPrefix(strings.TrimSuffix(n.Name(), recordSuffix), recordPrefix)
		if revision, err := strconv.Atoi(number); ok && err == nil && f.path(revision) == filepath.Join(f.dir, n.Name()) {
			out = append(out, revision)
		}
	}
	slices.Sort(out)
	return out, nil
}

// trim removes the oldest ones but the last keep.
func (f *Folder) trim(keep int) error {
	all, err := f.revisions()
	errs := []error{err}
	for _, revision := range all[:max(0, len(all)-keep)] {
		if err := os.Remove(f.path(revision)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("history: %w", err))
		}
	}
	return errors.Join(errs...)
}

// read reads back the last ones, oldest first. What cannot be read is left out; the error tells of it.
func (f *Folder) read(keep int, like *config.Archive) ([]entry, error) {
	all, err := f.revisions()
	errs := []error{err}
	var out []entry
	for _, revision := range all[max(0, len(all)-keep):] {
		e, err := f.readOne(revision, like)
		if err != nil {
			errs = append(errs, fmt.Errorf("history: %s: %w", f.path(revision), err))
			continue
		}
		out = append(out, e)
	}
	return out, errors.Join(errs...)
}

func (f *Folder) readOne(revision int, like *config.Archive) (entry, error) {
	file, err := os.Open(f.path(revision))
	if err != nil {
		return entry{}, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	z, err := gzip.NewReader(file)
	if err != nil {
		return entry{}, err
	}
	var r record
	in := json.NewDecoder(io.LimitReader(z, recordLimit))
	in.UseNumber()
	if err := in.Decode(&r); err != nil {
		return entry{}, err
	}
	if r.Report == nil || r.Report.Revision != revision {
		return entry{}, errors.New("not the record of this revision")
	}
	e := entry{report: r.Report}
	if r.Configuration != nil {
		e.archive = r.Configuration.Archive(like)
	}
	return e, nil
}
