package watch

import (
	"crypto/sha256"
	"maps"
	"path"
	"strings"
	"sync"
	"time"
)

// memory is a system whose files are in memory.
type memory struct {
	note func(lost bool)

	mu      sync.Mutex
	files   map[string]string // by path; what is not in it does not exist
	changed map[string]time.Time
	blind   string // events are not told
	heard   bool
	looks   int
}

func newMemory() *memory {
	return &memory{files: make(map[string]string), changed: make(map[string]time.Time)}
}

// write changes a file and tells it, if that is asked for.
func (m *memory) write(path, text string) {
	m.mu.Lock()
	m.files[path], m.changed[path] = text, time.Now()
	m.mu.Unlock()
	m.tell()
}

func (m *memory) remove(path string) {
	m.mu.Lock()
	delete(m.files, path)
	m.changed[path] = time.Now()
	m.mu.Unlock()
	m.tell()
}

func (m *memory) tell() {
	m.mu.Lock()
	tell := m.heard && m.blind == ""
	m.mu.Unlock()
	if tell {
		m.note(false)
	}
}

func (m *memory) setBlind(why string) {
	m.mu.Lock()
	m.blind = why
	m.mu.Unlock()
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.looks
}

func (m *memory) look(files []File, listen bool) *picture {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	m.heard = listen
	p := &picture{marks: make(marks), changed: make(map[File]time.Time), blind: m.blind}
	for _, f := range files {
		if !f.Glob {
			m.add(p, f)
			continue
		}
		for name := range maps.Keys(m.files) {
			if path.Dir(name) == path.Dir(f.Path) && matches(path.Base(f.Path), path.Base(name)) {
				m.add(p, File{Path: name, Kind: f.Kind})
			}
		}
	}
	return p
}

func (m *memory) add(p *picture, f File) {
	if text, ok := m.files[f.Path]; ok {
		p.marks[f] = mark{sum: sha256.Sum256([]byte(text))}
	}
	p.changed[f] = m.changed[f.Path]
}

func (m *memory) deafen() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = false
}

// text returns what is in a file now.
func (m *memory) text(path string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[path]
}

func brief(files []File) string {
	var out []string
	for _, f := range files {
		out = append(out, path.Base(f.Path)+":"+f.Kind.String())
	}
	return strings.Join(out, " ")
}
