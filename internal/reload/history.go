package reload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"natsd/internal/config"
)

// history keeps the last attempts, each with the files it was made from rather than with the
// snapshot: those of a large configuration are small beside what is compiled from them. Only the last
// files are kept whole; the others are what they have that the next ones have not.
type history struct {
	budget int // bytes of files

	mu      sync.Mutex // a leaf
	keep    int
	folder  *Folder // nil: in memory only
	last    int     // number of the last revision
	entries []entry // oldest first
}

// entry is one attempt with the configuration it was about.
type entry struct {
	report  *Report
	archive *config.Archive // of the last entry that has one; nil when nothing could be loaded
	delta   *config.Delta   // of the others, to the next that has files; nil to keep to the budget
	options *config.Options // of a snapshot that was not loaded from anywhere
	size    int             // bytes
}

// historyBudget bounds the memory for old configurations. Reports are kept beyond it.
const historyBudget = 64 << 20

func newHistory(keep int, folder *Folder) *history {
	return &history{keep: keep, folder: folder, budget: historyBudget}
}

// begin notes the configuration of the start, after what an earlier run has left in the folder, and
// returns its number.
func (h *history) begin(o *config.Options) (int, error) {
	var errs []error
	if h.folder != nil {
		before, err := h.folder.read(h.keep, o.Archive)
		errs = append(errs, err)
		for _, e := range before {
			h.add(e)
		}
		h.last = h.folder.last
	}
	n := h.number()
	r := &Report{
		Revision: n, Generation: 1, Request: Request{Who: "start"}, When: o.LoadedAt, Result: Applied, To: stateOf(o, n),
	}
	errs = append(errs, h.save(r, o))
	h.add(newEntry(r, o))
	return n, errors.Join(errs...)
}

// number takes the number of the next revision.
func (h *history) number() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	return h.last
}

// newEntry is an attempt; o is nil when there was nothing to load.
func newEntry(r *Report, o *config.Options) entry {
	e := entry{report: r}
	switch {
	case o == nil:
	case o.Archive == nil:
		e.options = o
	default:
		e.archive = o.Archive
	}
	return e
}

// save writes an attempt to the folder, if there is one.
func (h *history) save(r *Report, o *config.Options) error {
	h.mu.Lock()
	folder, keep := h.folder, h.keep
	h.mu.Unlock()
	if folder == nil {
		return nil
	}
	return errors.Join(folder.save(newEntry(r, o)), folder.trim(keep))
}

// add keeps an attempt in memory.
func (h *history) add(e entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.archive != nil {
		e.size = e.archive.Size()
		for i := range h.entries {
			if last := &h.entries[i]; last.archive != nil {
				last.delta = last.archive.Delta(e.archive)
				last.archive, last.size = nil, last.delta.Size()
			}
		}
	}
	h.entries = append(h.entries, e)
	h.trim()
}

// whole returns the entries from one on, with their files as they were.
func (h *history) whole(from int) []entry {
	out := slices.Clone(h.entries[from:])
	var later *config.Archive
	for i := range slices.Backward(out) {
		e := &out[i]
		if e.delta != nil {
			e.archive = e.delta.Archive(later)
		}
		if e.archive != nil {
			later = e.archive
		}
	}
	return out
}

// KeepHistory says how many attempts are kept, and in which folder; nil is in memory only. A component
// may call it when it commits. New revisions are numbered after those that the folder holds. What is in
// memory is written to it by [Manager.SaveHistory].
func (m *Manager) KeepHistory(folder *Folder, keep int) {
	h := m.history
	h.mu.Lock()
	defer h.mu.Unlock()
	h.folder, h.keep = folder, max(keep, 1)
	if folder != nil {
		h.last = max(h.last, folder.last)
	}
	h.trim()
}

// SaveHistory writes to the folder what is in memory and not there yet. A component may call it.
func (m *Manager) SaveHistory() error {
	h := m.history
	h.mu.Lock()
	folder, keep, entries := h.folder, h.keep, h.whole(0)
	h.mu.Unlock()
	if folder == nil {
		return nil
	}
	there, err := folder.revisions()
	errs := []error{err}
	for _, e := range entries {
		if !slices.Contains(there, e.report.Revision) {
			errs = append(errs, folder.save(e))
		}
	}
	return errors.Join(append(errs, folder.trim(keep))...)
}

// trim lets go of the oldest attempts, and of the oldest configurations above the budget, never of the
// last one.
func (h *history) trim() {
	if n := len(h.entries) - h.keep; n > 0 {
		h.entries = slices.Delete(h.entries, 0, n)
	}
	total := 0
	for i := range slices.Backward(h.entries) {
		e := &h.entries[i]
		if total += e.size; total > h.budget && i < len(h.entries)-1 {
			e.delta = nil
		}
	}
}

func (h *history) get(revision int) (entry, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.entries, func(e entry) bool { return e.report.Revision == revision })
	if i < 0 {
		return entry{}, false
	}
	return h.whole(i)[0], true
}

// History returns the reports of the last attempts, oldest first. The first one ever is the start.
func (m *Manager) History() []*Report {
	m.history.mu.Lock()
	defer m.history.mu.Unlock()
	out := make([]*Report, 0, len(m.history.entries))
	for _, e := range m.history.entries {
		out = append(out, e.report)
	}
	return out
}

// Revision is one attempt of the history.
type Revision struct {
	Report *Report
	entry  entry
}

// Revision returns an attempt of the history.
func (m *Manager) Revision(n int) (*Revision, error) {
	e, ok := m.history.get(n)
	if !ok {
		return nil, &RevisionError{n, "is not in the history"}
	}
	return &Revision{Report: e.report, entry: e}, nil
}

// RevisionError says that a revision cannot be had.
type RevisionError struct {
	Revision int
	Reason   string
}

// Error implements error.
func (e *RevisionError) Error() string { return fmt.Sprintf("revision %d %s", e.Revision, e.Reason) }

// Files describes the files that the configuration was made from; none when it is not kept.
func (r *Revision) Files() []config.ArchivedFile {
	if r.entry.archive == nil {
		return nil
	}
	return r.entry.archive.Files()
}

// Text returns one of the configuration's files with all secrets hidden.
func (r *Revision) Text(path string) (string, error) {
	if r.entry.archive == nil {
		return "", r.unkept()
	}
	return r.entry.archive.Redacted(path)
}

// Options builds the configuration as it was then. It costs as much as any load.
func (r *Revision) Options() (*config.Options, error) {
	switch {
	case r.entry.options != nil:
		return r.entry.options, nil
	case r.entry.archive == nil:
		return nil, r.unkept()
	}
	o, report := r.entry.archive.Load()
	return o, report.Err()
}

func (r *Revision) unkept() error {
	return &RevisionError{r.Report.Revision, "has no configuration: it could not be loaded, or is too old to be kept"}
}

// Compare tells how two configurations differ, in the form of a dry run, but for what only the
// components of a server know. Revisions are 0 where there is none.
func Compare(from, to *config.Options, fromRevision, toRevision int) *Report {
	r := &Report{Request: Request{DryRun: true}, When: time.Now(), Result: Applied, From: stateOf(from, fromRevision), To: stateOf(to, toRevision)}
	r.PlanID = planID(r.From, to)
	r.list(Diff(from, to))
	if len(r.Changes) == 0 {
		r.Result = NoChange
	}
	for _, p := range to.Refusals() {
		r.Result = Refused
		r.Problems = append(r.Problems, Problem{Code: CodePending, Problem: p})
	}
	for _, p := range guard(from, to) {
		p.Warning = true
		r.Warnings = append(r.Warnings, Problem{Code: CodeGuard, Problem: p})
	}
	return r
}

// Restore puts the configuration of a revision into force again, as [Manager.Apply] does. The files on
// disk are not touched: as long as they say something else, [Status].Drift tells so, and the next reload
// reads them.
func (m *Manager) Restore(ctx context.Context, revision int, req Request) (*Report, error) {
	r, err := m.Revision(revision)
	if err != nil {
		return m.calledOff(req, err), err
	}
	next, err := r.Options()
	if err != nil {
		return m.calledOff(req, err), err
	}
	if req.Why == "" {
		req.Why = fmt.Sprintf("restore revision %d", revision)
	}
	return m.Apply(ctx, next, req)
}
