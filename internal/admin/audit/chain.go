package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"natsd/internal/admin/api"
)

// seal makes a record the next of the chain and returns its line.
func (l link) seal(r *api.AuditRecord) ([]byte, error) {
	r.Seq, r.PrevHash, r.Hash = l.seq+1, l.hash, ""
	open, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	r.Hash = digest(open)
	head, ok := bytes.CutSuffix(open, []byte(emptyHash))
	if !ok {
		return nil, errors.New("the hash is not the last field")
	}
	return append(head, `,"hash":"`+r.Hash+"\"}\n"...), nil
}

// emptyHash is how a line ends whose hash is still to come.
const emptyHash = `,"hash":""}`

func digest(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

var (
	errShape = errors.New("the line is no record")
	errHash  = errors.New("the record does not have its hash: it was changed")
	errChain = errors.New("the record does not follow the one before: something was taken out or put in")
)

// readRecord reads a line, without its line feed, and checks its hash.
func readRecord(line []byte) (*api.AuditRecord, error) {
	r := new(api.AuditRecord)
	if err := json.Unmarshal(line, r); err != nil || r.Seq == 0 {
		return nil, errShape
	}
	head, ok := bytes.CutSuffix(line, []byte(`,"hash":"`+r.Hash+`"}`))
	if !ok || digest(append(bytes.Clone(head), emptyHash...)) != r.Hash {
		return r, errHash
	}
	return r, nil
}

// isAudit tells whether a text can be what an audit has left: nothing, or records of which the last may be
// torn. Anything else belongs to somebody, and is not to be repaired.
func isAudit(text []byte) bool {
	const first = `{"seq":`
	return bytes.HasPrefix(text, []byte(first[:min(len(first), len(text))]))
}

// ending returns where the last whole line ends, and what comes behind it.
func ending(text []byte) (end int, tail []byte) {
	end = bytes.LastIndexByte(text, '\n') + 1
	return end, text[end:]
}

// lastLink finds where the chain ends in whole lines; it is not ok when there is no record among them.
func lastLink(text []byte) (link, bool) {
	for _, line := range slices.Backward(lines(text)) {
		if r, err := readRecord(line); r != nil && !errors.Is(err, errShape) {
			return link{r.Seq, r.Hash}, true
		}
	}
	return link{}, false
}

// lines splits whole lines; what comes behind the last line feed is not one.
func lines(text []byte) [][]byte {
	end, _ := ending(text)
	if end == 0 {
		return nil
	}
	return bytes.Split(text[:end-1], []byte{'\n'})
}

func join(all [][]byte) []byte { return bytes.Join(all, nil) }

// number is a sequence number in the name of a file, so that names sort as numbers do.
func number(seq uint64) string { return fmt.Sprintf("%012d", seq) }

// aside lists the files that were put aside, oldest first.
func (l *Log) aside() ([]string, error) {
	dir, base := filepath.Split(l.path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		stamp, ok := cutName(e.Name(), base)
		if ok && len(stamp) >= len(number(0)) && e.Type().IsRegular() {
			out = append(out, dir+e.Name())
		}
	}
	return out, nil // ReadDir sorts
}

// cutName returns the number in the name of a file that was put aside.
func cutName(name, base string) (digits string, ok bool) {
	if len(name) <= len(base)+1 || name[:len(base)] != base || name[len(base)] != '.' {
		return "", false
	}
	digits = name[len(base)+1:]
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return digits, true
}

// syncFolder makes the names in a folder last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // some systems cannot sync a folder, and need not
	return d.Close()
}

// Records visits the records that pass, newest first, until visit returns false. A line that is no record
// is left out; [Log.Verify] finds it. One file at a time is in memory.
func (l *Log) Records(ctx context.Context, visit func(*api.AuditRecord) bool) error {
	all, done, err := l.pieces()
	if err != nil {
		return err
	}
	defer done()
	for _, p := range slices.Backward(all) {
		text, err := p.text(ctx)
		if err != nil {
			return err
		}
		for _, line := range slices.Backward(lines(text)) {
			if r, _ := readRecord(line); r != nil && !visit(r) {
				return nil
			}
		}
	}
	return nil
}

// text reads a piece, unless ctx has ended.
func (p *piece) text(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return p.read()
}

// Verify reads all records and tells where the chain breaks first, if it does. The first record that is
// kept is taken as it is.
func (l *Log) Verify(ctx context.Context) (*api.AuditCheck, error) {
	all, done, err := l.pieces()
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	defer done()
	c := check{AuditCheck: api.AuditCheck{Valid: true}}
	for _, p := range all {
		text, err := p.text(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the audit: %w", err)
		}
		for i, line := range lines(text) {
			c.add(p.path, i+1, line)
		}
	}
	return &c.AuditCheck, nil
}

// check is a check of the chain on its way.
type check struct {
	api.AuditCheck

	at *link // where the chain goes on; nil before the first record
}

// add looks at the next line.
func (c *check) add(path string, number int, line []byte) {
	r, err := readRecord(line)
	if err == nil && c.at != nil && (r.Seq != c.at.seq+1 || r.PrevHash != c.at.hash) {
		err = errChain
	}
	if err != nil && c.Valid {
		c.Valid, c.File, c.Line, c.Reason, c.FirstBad = false, path, number, err.Error(), new(uint64)
		*c.FirstBad = 1
		if c.at != nil {
			*c.FirstBad = c.at.seq + 1
		}
	}
	if r != nil {
		c.Records++
		c.at = &link{r.Seq, r.Hash}
	}
}
