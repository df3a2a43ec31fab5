// Package s2conn compresses the bytes of a connection in the S2 framing format, when both sides have
// agreed to: until then they pass as they are, and each direction is switched on its own.
//
// The framing is read in pieces as they arrive, so a connection that waits holds no buffer. What the
// other side can make this one allocate is bounded by the largest block that the format allows.
package s2conn
