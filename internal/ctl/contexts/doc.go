// Package contexts keeps the servers that a user has given names to, with what it takes to speak to
// them, in one YAML file that only the user can read.
//
// It stores and finds; what a setting means is the business of cmd/natsctl, which imports it. It
// imports nothing of natsd.
package contexts
