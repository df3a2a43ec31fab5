// Package report puts what configurations and reloads report into the words of the admin API: plans,
// problems, places.
//
// It finds nothing out itself. Whoever answers in the types of package api may import it: the API, and
// natsctl for what it does without a server.
package report
