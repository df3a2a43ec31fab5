package config

import (
	"errors"
	"io/fs"
	"os"

	"natsd/internal/config/syntax"
)

// maxSideFile bounds certificates, secrets and JWTs: what is larger is the wrong file.
const maxSideFile = 4 << 20

var errSideFile = errors.New("not a regular file of less than 4 MiB")

// side reads the file that the key called key names. Errors carry the path as written there.
func (b *block) side(key, name string) ([]byte, error) { return b.d.side(join(b.path, key), name) }

func (d *decoder) side(key, name string) ([]byte, error) {
	full := d.path(name)
	text, err := "", checkSide(d.files, full)
	if err == nil {
		text, err = d.files.Read(full)
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: pe.Err}
	}
	if err == nil {
		d.archive.sides = append(d.archive.sides, side{key, absolute(full, "")})
	}
	return []byte(text), err
}

// checkSide keeps what is no side file from being read at all.
func checkSide(files syntax.Files, name string) error {
	if r, ok := files.(recorder); ok {
		files = r.Files
	}
	if _, ok := files.(*Archive); ok {
		return nil // what it holds was checked
	}
	info, err := os.Stat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxSideFile) {
		return &fs.PathError{Op: "open", Path: name, Err: errSideFile}
	}
	return err
}
