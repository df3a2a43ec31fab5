package config

import "unicode/utf8"

// Dump is an [Archive] in a form for a private file. It holds secrets.
type Dump struct {
	Path    string       `json:"path"` // of the configuration file, as it was given
	WorkDir string       `json:"work_dir,omitempty"`
	Files   []DumpedFile `json:"files"`
	Keys    []DumpedKey  `json:"keys,omitempty"` // that name files, in the order they were read
}

// DumpedFile is one file with its contents: Text, or Data where they are no text.
type DumpedFile struct {
	Path string `json:"path"` // absolute
	Text string `json:"text,omitempty"`
	Data []byte `json:"data,omitempty"`
}

// DumpedKey is a key that names a file.
type DumpedKey struct {
	Key  string `json:"key"`
	Path string `json:"path"` // absolute
}

// Dump hands out everything that a holds, but for flags and environment.
func (a *Archive) Dump() *Dump {
	d := &Dump{Path: a.src.Path, WorkDir: a.src.WorkDir}
	for _, path := range sortedKeys(a.texts) {
		if text := a.texts[path]; utf8.ValidString(text) {
			d.Files = append(d.Files, DumpedFile{Path: path, Text: text})
		} else {
			d.Files = append(d.Files, DumpedFile{Path: path, Data: []byte(text)})
		}
	}
	for _, s := range a.sides {
		d.Keys = append(d.Keys, DumpedKey{s.key, s.path})
	}
	return d
}

// Archive makes an archive again. Flags and environment are those of another one: of the server that
// reads what an earlier one has dumped.
func (d *Dump) Archive(like *Archive) *Archive {
	a := &Archive{texts: make(map[string]string, len(d.Files))}
	if like != nil {
		a.src = like.src
	}
	a.src.Path, a.src.WorkDir = d.Path, d.WorkDir
	for _, f := range d.Files {
		a.texts[f.Path] = f.Text + string(f.Data)
	}
	for _, k := range d.Keys {
		a.sides = append(a.sides, side{k.Key, k.Path})
	}
	return a
}
