// Package peer is what connections between servers have in common, whatever they speak: whom to dial
// and how often, TLS on both sides, which compression the two agree on, and the addresses that other
// servers tell of.
//
// It knows no protocol. Kinds of connections below link/ may import it, and the server.
package peer
