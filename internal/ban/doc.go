// Package ban keeps who may not connect for a while, as operators say it to a running server. The kinds of
// connections ask it before and after they let somebody in.
//
// It is not authentication, which the configuration decides, and it outlives no restart. Any package above
// status may import it.
package ban
