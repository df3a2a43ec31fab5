// Package output shows an answer in the form that was asked for: a table for people, or JSON, YAML,
// CSV, lines of JSON, names, a template or a path for programs.
//
// Tables are made by a View, which says where the rows of an answer are and what their columns show;
// all other forms need to know nothing about the answer. JSON is passed on as it came.
//
// It knows neither commands nor servers. Everything in internal/ctl and cmd/natsctl may import it; it
// imports nothing of natsd.
package output
