// Package system is what the server does on subjects of the system account: it answers requests
// ($SYS.REQ.>), tells what happens ($SYS.ACCOUNT.>, $SYS.SERVER.>), and keeps in touch with the other
// servers of the cluster, whose connections count for the limits of accounts.
//
// Each service is a sink of package broker: it takes requests like any subscriber. What an answer says
// comes from the same monitor.Collector that the monitoring port asks. Some services are offered in
// every account, with the account of the requester pinned; their requests go through the system account
// so that all servers hear them.
//
// Requests are answered one after the other on goroutines of their own: who publishes never waits, and
// what waits has a bound.
//
// Only package server imports it.
package system
