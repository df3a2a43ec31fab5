package main

import "unsafe"

// redactArg overwrites one argument from offset on in the memory that the kernel gave to the process:
// on Linux the strings of os.Args alias it, and /proc/PID/cmdline shows it. The length cannot change.
func redactArg(osArgs []string, index, offset int) {
	arg := osArgs[index][offset:]
	mem := unsafe.Slice(unsafe.StringData(arg), len(arg))
	for i := range mem {
		mem[i] = '*'
	}
}
