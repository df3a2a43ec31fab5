// Package reload changes the configuration of running servers by SIGHUP and looks at what their
// clients, their log, their ports and their monitoring make of it.
//
// There is nothing here to import. The tests are about natsd: nats-server refuses most of these changes.
package reload
