// Package config turns a configuration file, the command line and the environment into one
// immutable [Options] value, and says with file, line and column what is wrong when it cannot.
//
// Every key is described once, in the registry [Keys]: its names, type and unit, default, flag,
// reload class and text. Decoding, type checks, the environment and flag layers, the origin of each
// value and docs/configuration.md all come from that description. A section is the description of
// some keys together with the code that moves their checked values into Options and the checks
// across options.
//
// [Load] is the only way in. Start, a configuration test and a reload use it alike, so what one of
// them accepts the others accept too. It reads files (includes, certificates, secrets, JWTs) but
// opens no socket, starts no goroutine and creates nothing on disk.
//
// The package knows nothing of connections or servers. Everything above may import it; it imports
// config/syntax and perm.
package config
