package perm

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strings"
)

// digest hashes the meaning of r. Every list is preceded by its length and every
// text by its own, so that no two different rules give the same input.
func (r *Rules) digest() [sha256.Size]byte {
	h := sha256.New()
	for _, p := range []*SubjectRules{r.Publish, r.Subscribe} {
		if p == nil {
			p = &SubjectRules{}
		}
		writeList(h, p.Allow, p.Allow != nil)
		writeList(h, p.Deny, len(p.Deny) > 0)
	}
	if r.Responses != nil {
		writeInt(h, int64(r.Responses.Max))
		writeInt(h, int64(r.Responses.Expires))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func writeList(h hash.Hash, entries []string, present bool) {
	if !present {
		writeInt(h, -1)
		return
	}
	texts := make([]string, len(entries))
	for i, e := range entries {
		texts[i] = strings.Join(strings.Fields(e), " ")
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	writeInt(h, int64(len(texts)))
	for _, t := range texts {
		writeInt(h, int64(len(t)))
		h.Write([]byte(t))
	}
}

func writeInt(h hash.Hash, n int64) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
}
