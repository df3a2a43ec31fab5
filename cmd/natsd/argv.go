package main

import (
	"slices"
	"strings"
)

// normalize rewrites arguments of Go's flag package, which scripts for nats-server use, into the form
// that pflag reads: -x and --x are the same flag, a value follows a space or '=', a switch takes one
// after '=' only, letters are never combined (-DV is a flag of its own), and flags end at "--" or at
// the first other word. Unknown flags pass through as long ones for pflag to refuse.
//
// secrets holds the places in args whose value must not stay readable in the process's own arguments.
func normalize(args []string) (long []string, secrets []secretArg) {
	known := bySpelling()
	long = []string{} // cobra takes nil for "use os.Args"
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(long, args[i:]...), secrets
		}
		if len(arg) < 2 || arg[0] != '-' {
			return append(append(long, "--"), args[i:]...), secrets
		}
		dashes := 1
		if arg[1] == '-' {
			dashes = 2
		}
		spelling, value, hasValue := strings.Cut(arg[dashes:], "=")
		o, ok := known[spelling]
		if !ok {
			long = append(long, "--"+arg[dashes:])
			continue
		}
		if !hasValue && o.kind != boolean && i+1 < len(args) {
			i++
			value, hasValue = args[i], true
			if o.secret {
				secrets = append(secrets, secretArg{index: i})
			}
		} else if hasValue && o.secret {
			secrets = append(secrets, secretArg{index: i, offset: dashes + len(spelling) + 1})
		}
		if hasValue {
			long = append(long, "--"+o.name+"="+value)
		} else {
			long = append(long, "--"+o.name)
		}
	}
	return long, secrets
}

// secretArg says where an argument begins that holds a secret.
type secretArg struct{ index, offset int }

// takeArgs returns a copy of the arguments behind the program's name and makes the secrets among the
// originals unreadable, so that neither a process list nor an expvar shows them.
func takeArgs(osArgs []string) []string {
	if len(osArgs) == 0 {
		return nil
	}
	args := slices.Clone(osArgs[1:])
	for i, a := range args {
		args[i] = strings.Clone(a) // the bytes of the originals are about to change
	}
	_, secrets := normalize(args)
	for _, s := range secrets {
		redactArg(osArgs, s.index+1, s.offset)
	}
	return args
}
