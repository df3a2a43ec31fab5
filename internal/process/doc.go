// Package process is what the server tells the system it runs on: its pid file, the file with the
// ports it bound, the service manager's notifications, and the memory limit of the Go runtime.
//
// It is not a supervisor: it starts nothing, watches nothing and holds no state but what a caller
// keeps. It knows nothing of configuration or of NATS. internal/server and cmd/natsd may import it.
package process
