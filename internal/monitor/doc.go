// Package monitor answers questions about a running server: varz, connz and their kin.
//
// It has two halves. A [Collector] turns a typed query into a typed result, with the JSON keys,
// types and omissions that tools for nats-server expect; whoever has a query (HTTP, a $SYS service,
// the admin API) may call it. [Handler] is the HTTP half: paths, parameters, status codes and bodies
// of the monitoring port. [Server] runs such a handler on a listener.
//
// All state comes through status.Source and the options snapshot. Rows are copied first and then
// filtered, sorted and encoded without any lock, and only the rows of the requested page are
// formatted or get their subscriptions, so a listing of many connections does not disturb them.
//
// Where natsd differs from nats-server on purpose:
//   - varz has one more key, natsd_version; version is the compatible one that clients see.
//   - connz takes filter_subject over HTTP: only connections with a subscription that overlaps it.
//   - rows with equal sort keys are ordered by cid; accounts are listed by name.
//   - all times are UTC.
//   - closed connections of $G are found by acc=$G.
//   - /debug/vars shows the command line without secrets.
//   - answers carry nosniff; an offset beyond all bounds gives an empty page.
//   - only a few long listings (connz, subsz) are made at the same time; others wait their turn.
//
// Features that natsd does not have answer as a server without them does.
//
// It imports contracts (status, config, task) but no kind of connection; package server imports it.
package monitor
