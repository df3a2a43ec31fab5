package process

import "strconv"

// WritePID writes the decimal pid, without a line feed, to path: mode 0600, replaced in one step.
// The file is neither locked nor checked, and nobody removes it.
func WritePID(path string, pid int) error {
	return writeFile(path, formatPID(pid), 0o600)
}

// StagePID is [WritePID] up to the point where the file becomes visible.
func StagePID(path string, pid int) (*Staged, error) {
	return Stage(path, formatPID(pid), 0o600)
}

func formatPID(pid int) []byte { return strconv.AppendInt(nil, int64(pid), 10) }
