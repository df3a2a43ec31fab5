// Package tlsconn moves the bytes of TLS connections over TCP.
//
// It turns crypto/tls, which blocks, into something that reads on readiness and writes without
// waiting: the TLS state machine works on a connection whose reads answer "try again" and whose
// writes collect cipher text. Records are filled up to 16 KB.
package tlsconn
