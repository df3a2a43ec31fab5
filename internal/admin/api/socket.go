package api

import (
	"os"
	"path/filepath"
	"strconv"
)

// SocketName is the name of the socket of the first server on a host.
const SocketName = "admin.sock"

// SocketFolders lists where sockets are by default, in the order in which a server tries them and a
// client looks: the folder of the system, that of the session, one of the user below the temporary
// folder.
func SocketFolders() []string {
	folders := []string{"/run/natsd"}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		folders = append(folders, filepath.Join(dir, "natsd"))
	}
	return append(folders, filepath.Join(os.TempDir(), "natsd-"+strconv.Itoa(os.Getuid())))
}

// PortSocketName is the name for a further server on the host, by the port of its clients.
func PortSocketName(port int) string { return "admin-" + strconv.Itoa(port) + ".sock" }
