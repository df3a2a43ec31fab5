// Package metrics tells the state of a server in the forms of Prometheus and OpenMetrics, and remembers
// the last hour of its main figures.
//
// There are two groups of metrics. Those that tools know are what prometheus-nats-exporter makes of the
// monitoring pages, under the same names; they are made of the same pages. natsd's own begin with natsd_
// and stand in one table, [own].
//
// Everything is built when it is asked for, from the snapshots that monitoring reads: nothing is counted
// here, and nothing on the way of a message knows of this package. Series that grow with connections or
// accounts are bounded; the rest is summed up as "other".
//
// Each server has an [Exporter] of its own, and there is no global registry. Package server makes it and
// puts it on the monitoring port, package admin on its API.
package metrics
