// Package api holds what the admin API and its clients say to each other: plain types with their JSON
// form, the codes of errors, and where the socket of a server is found. A client such as natsctl needs
// nothing else of natsd.
//
// Names and shapes are a promise: within /api/v1 they are only added to.
//
// It is no place for behaviour. It imports nothing of natsd; any layer above may import it.
package api
