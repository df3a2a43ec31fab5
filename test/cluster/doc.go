// Package cluster tests meshes of natsd and nats-server processes: that they find each other, carry
// messages and interest of each other's clients, follow reloads, and recover when a server is killed,
// stopped or cut off.
//
// There is nothing here to import.
package cluster
