// Package buffer lends byte slices in a few size classes, so that connections hold memory only
// while bytes are on their way.
//
// It knows nothing of protocols or sockets. Everything that moves bytes may import it.
package buffer
