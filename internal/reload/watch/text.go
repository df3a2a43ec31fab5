package watch

import (
	"path/filepath"
	"strings"

	"natsd/internal/config/syntax"
)

// fileKeys are the keys whose files a load reads.
var fileKeys = map[string]Kind{
	"cert_file": Certificates, "key_file": Certificates, "ca_file": Certificates,
	"password_file": Secrets, "token_file": Secrets,
}

// text adds the files that the text of a configuration names: includes and include patterns, whether
// they are there or not, and what keys name. It does not parse, so that it gets through text with
// mistakes; what it takes for the name of a file and is none does no harm. Paths that stand in variables
// escape it.
func (c *collection) text(path string) {
	path = absolute(path)
	for seen, queue := map[string]bool{path: true}, []string{path}; len(queue) > 0; queue = queue[1:] {
		for _, f := range namedIn(readText(queue[0]), filepath.Dir(queue[0])) {
			c.files = append(c.files, f)
			if f.Kind == Configuration && !f.Glob && !seen[f.Path] {
				seen[f.Path] = true
				queue = append(queue, f.Path)
			}
		}
	}
}

// readText returns the text of a file that can be a configuration, else "".
func readText(path string) string {
	text, err := syntax.Disk{}.Read(path)
	if err != nil {
		return ""
	}
	return text
}

// namedIn lists the files that a text names. Includes are relative to dir.
func namedIn(text, dir string) []File {
	var files []File
	for {
		word, bare, rest := nextWord(text)
		text = rest
		if word == "" {
			return files
		}
		if bare && strings.EqualFold(word, "include") {
			name, rest := includeName(text)
			text = rest
			if f, ok := includeFile(name, dir); ok {
				files = append(files, f)
			}
			continue
		}
		if kind, ok := fileKeys[strings.ToLower(word)]; ok {
			name, rest := fileName(text)
			text = rest
			if name != "" && name[0] != '$' {
				files = append(files, File{Path: absolute(name), Kind: kind})
			}
		}
	}
}

// includeFile gives the file, or the pattern, that an include means.
func includeFile(name, dir string) (File, bool) {
	if name == "" {
		return File{}, false
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	parent, base := filepath.Split(name)
	const special = "*?["
	return File{Path: absolute(name), Kind: Configuration, Glob: strings.ContainsAny(base, special)}, !strings.ContainsAny(parent, special)
}

// nextWord returns the first word or quoted string and what follows it. Comments are left out, and so
// are bare words that are the middle of something. The word is "" at the end.
func nextWord(text string) (word string, bare bool, rest string) {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '#', strings.HasPrefix(text[i:], "//") && (i == 0 || text[i-1] != ':'):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return "", false, ""
			}
			i += end
		case c == '"', c == '\'':
			inside, after, _ := strings.Cut(text[i+1:], text[i:i+1])
			if inside != "" {
				return inside, false, after
			}
			i = len(text) - len(after)
		case wordByte(c):
			end := i
			for end < len(text) && !strings.ContainsRune(" \t\r\n:={}[](),;\"'", rune(text[end])) {
				end++
			}
			return text[i:end], true, text[end:]
		default:
			i++
		}
	}
	return "", false, ""
}

// wordByte tells whether a bare word can begin with a byte.
func wordByte(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ':', '=', '{', '}', '[', ']', '(', ')', ',', ';':
		return false
	}
	return true
}

// includeName cuts the path out of what follows the word include, on the same line.
func includeName(text string) (name, rest string) {
	text = strings.TrimLeft(text, " \t")
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		name, rest, _ = strings.Cut(text[1:], text[:1])
		return name, rest
	}
	return cut(text, " \t\r\n;}'")
}

// fileName cuts the value out of what follows a key.
func fileName(text string) (name, rest string) {
	text = strings.TrimLeft(text, " \t\r\n:=")
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		name, rest, _ = strings.Cut(text[1:], text[:1])
		return name, rest
	}
	return cut(text, " \t\r\n,;}]")
}

// cut splits a text before the first of some bytes.
func cut(text, at string) (before, rest string) {
	if i := strings.IndexAny(text, at); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}
