// Package system asks natsd over the system account as the nats command and others do, and compares with
// nats-server where that can do the same. There is nothing here to import.
package system
