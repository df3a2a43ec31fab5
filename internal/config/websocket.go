package config

// Websocket is the websocket listener.
type Websocket struct{}
