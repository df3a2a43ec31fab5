// Package syntax reads the NATS configuration language: text to a tree of values with positions.
//
// It knows comments, the three ways to separate a key from its value, quoted, bare and block
// strings, numbers with size suffixes, dates, arrays, maps, variables, the environment, include
// files and JSON. It finds as many problems as it can in one pass and tells where each one is.
//
// It does not know what a key means: names, types, units and defaults are the business of package
// config, the only package that may import this one.
//
// The language is that of nats-server, quirks included: whatever that server accepts has the same
// value here. The exceptions are deliberate, few, and listed in docs/config-differences.md.
//
// Everything here is bounded: files have at most 16 MiB, values nest at most 100 deep, only regular
// files are read, an include cycle is an error, and the time is linear in the size of the input.
package syntax
