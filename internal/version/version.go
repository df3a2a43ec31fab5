// Package version names the build: natsd's own version and the one that clients see.
package version

import "runtime/debug"

// Natsd is natsd's own version.
const Natsd = "0.1.0"

// Protocol is the version in INFO and varz. Clients gate features on it and some split it at the
// dash, so it starts with the release of nats-server whose behaviour natsd matches.
const Protocol = "2.14.5-natsd." + Natsd

// Commit returns the first seven digits of the commit that the binary was built from, or "".
func Commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 7 {
			return s.Value[:7]
		}
	}
	return ""
}
