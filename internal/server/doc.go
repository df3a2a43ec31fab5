// Package server puts natsd together: it builds the parts from one configuration snapshot, runs them
// and takes them down again. It is the only package that knows all others, and the one place to look
// for the order in which things start and stop.
package server
