// Package client speaks the NATS client protocol: the session of one client connection and what all
// of them share.
//
// [Link] is the listener's side: it turns an accepted socket into a connection. A session plugs into
// package conn, which moves its bytes, and is a sink of package broker for its subscriptions. Its
// files follow the life of a connection: greet, connect, publish, subscribe, deliver, timers.
//
// Only package server imports it.
package client
