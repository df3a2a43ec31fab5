// Package convert turns a configuration from one notation into another: the NATS language, JSON, YAML
// and TOML.
//
// What is converted is the meaning: includes and variables are replaced by what they stand for, numbers
// with a suffix by the number, except where only the suffix tells a duration. Comments are lost, and so
// is in TOML the order of keys. What is written can be read again and is the same configuration.
//
// It judges nothing: package config does. The commands of natsctl may import it; it imports config.
package convert
