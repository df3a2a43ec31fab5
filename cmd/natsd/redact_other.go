//go:build !linux

package main

// redactArg replaces one argument from offset on in the slice that the process itself reads.
func redactArg(osArgs []string, index, offset int) {
	osArgs[index] = osArgs[index][:offset] + "[REDACTED]"
}
