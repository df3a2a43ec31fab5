package monitor

import "net/http"

// Page is one endpoint of the monitoring port, for those who serve it elsewhere too.
type Page struct {
	Path    string // "/varz"
	Summary string
	Heavy   bool // may walk very many rows
	// Handler answers as the monitoring port does, but for the header that lets pages of all origins
	// read the answer.
	Handler http.Handler
}

// summaries are the pages that [Pages] gives, with what they tell.
var summaries = []struct{ path, text string }{
	{"/varz", "General state of the server, as nats-server gives it."},
	{"/connz", "Connections, as nats-server gives them."},
	{"/routez", "Routes, as nats-server gives them."},
	{"/gatewayz", "Gateways, as nats-server gives them."},
	{"/leafz", "Leaf nodes, as nats-server gives them."},
	{"/subsz", "Subscriptions, as nats-server gives them."},
	{"/accountz", "Accounts, as nats-server gives them."},
	{"/accstatz", "Traffic of accounts, as nats-server gives it."},
	{"/jsz", "JetStream, as nats-server gives it."},
	{"/healthz", "Health, as nats-server gives it."},
	{"/ipqueuesz", "Internal queues, as nats-server gives them."},
	{"/raftz", "Raft groups, as nats-server gives them."},
}

// Pages returns the pages that tools for nats-server ask for.
func Pages(c *Collector) []Page {
	out := make([]Page, 0, len(summaries))
	for _, s := range summaries {
		for i := range endpoints {
			if e := endpoints[i]; e.path == s.path {
				e.private = true
				out = append(out, Page{Path: e.path, Summary: s.text, Heavy: e.heavy, Handler: e.handler(c)})
			}
		}
	}
	return out
}
