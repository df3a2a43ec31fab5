// Package certs answers questions about certificates: under which names a client certificate may be
// a user, whether it is pinned, when it expires.
//
// Its functions are pure. It loads no files and decides on nobody: configuration (layer 2) builds
// the TLS settings, package auth (layer 4) looks the names up. It stands in layer 1.
package certs
