package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"natsd/internal/config/syntax"
)

// Archive is all that one configuration was made from: the text of every file that was read, and the
// rest of the [Source]. It can build the same configuration again when the files have long changed.
// It holds secrets: no way of printing it shows anything but its size. It is immutable once [Load] has
// returned.
type Archive struct {
	src   Source
	texts map[string]string // by absolute path
	sides []side            // files that keys name, in the order they were read
}

// side is a file that a key names: a certificate, a key, a password, a JWT.
type side struct{ key, path string }

// ArchivedFile describes one file of an [Archive].
type ArchivedFile struct {
	Path   string // absolute
	Key    string // that names it; empty for the configuration file and its includes
	Size   int
	Digest string // "sha256:" and hex
}

// Files describes what was read: the configuration file and its includes first, then what keys name.
func (a *Archive) Files() []ArchivedFile {
	out := make([]ArchivedFile, 0, len(a.texts))
	keys := map[string]string{}
	for _, s := range a.sides {
		keys[s.path] = cmp.Or(keys[s.path], s.key)
	}
	for path, text := range a.texts {
		sum := sha256.Sum256([]byte(text))
		out = append(out, ArchivedFile{Path: path, Key: keys[path], Size: len(text), Digest: "sha256:" + hex.EncodeToString(sum[:])})
	}
	main := absolute(a.src.Path, a.src.WorkDir)
	slices.SortFunc(out, func(x, y ArchivedFile) int {
		return cmp.Or(order(x.Path != main, y.Path != main), order(x.Key != "", y.Key != ""), cmp.Compare(x.Path, y.Path))
	})
	return out
}

// Sum returns the SHA-256 of a file as it was read; ok is false when it was not.
func (a *Archive) Sum(path string) (sum [sha256.Size]byte, ok bool) {
	if a == nil {
		return sum, false
	}
	text, ok := a.texts[path]
	if !ok {
		return sum, false
	}
	h := sha256.New()
	_, _ = io.Copy(h, struct{ io.Reader }{strings.NewReader(text)}) // in pieces: a text can be large
	return [sha256.Size]byte(h.Sum(nil)), true
}

func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Size is the number of bytes of all files.
func (a *Archive) Size() (n int) {
	for _, text := range a.texts {
		n += len(text)
	}
	return n
}

// Load builds the configuration from the files as they were, flags and environment included.
func (a *Archive) Load() (*Options, *Report) {
	return loadWith(&decoder{}, a.src, a)
}

// SideChanges returns, by key path, the files that keys of both archives name and that hold something
// else in next than in a. It is nil when one of the two is nil.
func (a *Archive) SideChanges(next *Archive) map[string]string {
	if a == nil || next == nil {
		return nil
	}
	var out map[string]string
	before := map[side]bool{}
	for _, s := range a.sides {
		before[s] = true
	}
	for _, s := range next.sides {
		if before[s] && a.texts[s.path] != next.texts[s.path] {
			put(&out, s.key, s.path)
		}
	}
	return out
}

// SideSum sums up what the files hold that keys name, and what the keys are. It tells nothing of the
// contents and is good for comparing within this process only.
func (a *Archive) SideSum() string {
	if a == nil {
		return ""
	}
	g := newDigester()
	for _, s := range a.sides {
		for _, part := range []string{s.key, s.path, a.texts[s.path]} {
			g.plain(part)
		}
	}
	sum := g.sum()
	return hex.EncodeToString(sum[:])
}

// Text returns the text of the configuration file as it was read, secrets and all: it is for putting
// it back where it came from, not for showing. It is empty without a file.
func (a *Archive) Text() Secret {
	if a == nil || a.src.Path == "" {
		return ""
	}
	return Secret(a.texts[absolute(a.src.Path, a.src.WorkDir)])
}

// Redacted returns the text of the configuration file or of an include with all secrets hidden. Files
// that keys name are not handed out: most of them are secret as a whole.
func (a *Archive) Redacted(path string) (string, error) {
	text, ok := a.texts[path]
	if !ok || slices.ContainsFunc(a.sides, func(s side) bool { return s.path == path }) {
		return "", &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	d := &decoder{}
	if _, report := loadWith(d, a.src, a); report.Err() != nil {
		return "", fmt.Errorf("%s cannot be shown: what is secret in a file that does not load is not known", path)
	}
	text = syntax.Mask(text)
	for _, secret := range d.secretTexts() {
		text = hide(text, secret)
	}
	return text, nil
}

// hide replaces a secret in text. A short one counts only where it is not part of a longer word:
// else hardly anything would be left.
func hide(text, secret string) string {
	const short = 6
	var b strings.Builder
	for {
		i := strings.Index(text, secret)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(secret)
		b.WriteString(text[:i])
		if len(secret) < short && (inWord(text, i-1) || inWord(text, end)) {
			b.WriteString(secret)
		} else {
			b.WriteString(redacted)
		}
		text = text[end:]
	}
}

func inWord(text string, i int) bool {
	return i >= 0 && i < len(text) && (text[i] == '_' || text[i] >= '0' && text[i] <= '9' || text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z')
}

// secretTexts returns the texts of all secrets that were met, longest first.
func (d *decoder) secretTexts() []string {
	var out []string
	for _, v := range d.secrets {
		for _, item := range append([]*syntax.Value{v}, v.Items...) {
			for _, text := range append(strings.Split(item.Str, "\n"), item.Raw) {
				if text = strings.TrimSpace(text); text != "" {
					out = append(out, text)
				}
			}
		}
	}
	slices.SortFunc(out, func(x, y string) int { return cmp.Or(cmp.Compare(len(y), len(x)), cmp.Compare(x, y)) })
	return slices.Compact(out)
}

// Format implements [fmt.Formatter].
func (a Archive) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "archive of %d files", len(a.texts))
}

// MarshalText implements [encoding.TextMarshaler].
func (a Archive) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(a)), nil }

// Read implements [syntax.Files].
func (a *Archive) Read(name string) (string, error) {
	if text, ok := a.texts[absolute(name, "")]; ok {
		return text, nil
	}
	return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// List implements [syntax.Files].
func (a *Archive) List(dir string) ([]string, error) {
	var names []string
	dir = absolute(dir, "")
	for path := range a.texts {
		if filepath.Dir(path) == dir {
			names = append(names, filepath.Base(path))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Exists implements [syntax.Files].
func (a *Archive) Exists(name string) bool {
	_, ok := a.texts[absolute(name, "")]
	return ok
}

// recorder reads from other files and keeps what it read.
type recorder struct {
	syntax.Files
	into *Archive
}

// Read implements [syntax.Files].
func (r recorder) Read(name string) (string, error) {
	text, err := r.Files.Read(name)
	if err == nil {
		put(&r.into.texts, absolute(name, ""), text)
	}
	return text, err
}

// absolute returns the path from the root; dir is where relative paths start if not here.
func absolute(name, dir string) string {
	if dir != "" && !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	if path, err := filepath.Abs(name); err == nil {
		return path
	}
	return filepath.Clean(name)
}
