package logging

import "slices"

// The modules: the parts of the server whose level can be set by name, see [Config.Levels].
const (
	ModuleAdmin   = "admin"   // the admin API
	ModuleAuth    = "auth"    // who is let in, and why not
	ModuleClient  = "client"  // connections of clients
	ModuleMonitor = "monitor" // the monitoring and profiling ports
	ModuleRoute   = "route"   // connections to the servers of the cluster
	ModuleServer  = "server"  // everything else
)

// Modules lists the modules.
func Modules() []string {
	return []string{ModuleAdmin, ModuleAuth, ModuleClient, ModuleMonitor, ModuleRoute, ModuleServer}
}

// IsModule tells whether name is one of the modules.
func IsModule(name string) bool { return slices.Contains(Modules(), name) }
