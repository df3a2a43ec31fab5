package process

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"natsd/internal/staged"
)

// Ports holds the URLs under which the server is reached, one list per listener. A listener that is
// off has no list and does not appear in the file.
type Ports struct {
	Nats       []string `json:"nats,omitempty"`
	Monitoring []string `json:"monitoring,omitempty"`
	Cluster    []string `json:"cluster,omitempty"`
	Profile    []string `json:"profile,omitempty"`
	Websocket  []string `json:"websocket,omitempty"`
}

// PortsPath is the name of the ports file of process pid in dir. It carries the base name of the
// executable, so that several servers can share the directory.
func PortsPath(dir, executable string, pid int) string {
	return filepath.Join(dir, fmt.Sprintf("%s_%d.ports", filepath.Base(executable), pid))
}

// WritePorts writes p as one JSON object without a line feed, readable by everyone, replaced in one
// step. It blocks on the disk only.
func WritePorts(path string, p Ports) error {
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode ports: %w", err)
	}
	return staged.Write(path, data, 0o644)
}

// RemovePorts removes a ports file. One that is gone already is no error.
func RemovePorts(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
