package monitor

import (
	"bytes"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
)

// Vars is the state of the Go runtime.
type Vars struct {
	Cmdline  []string         `json:"cmdline"` // without secrets
	MemStats runtime.MemStats `json:"memstats"`
}

// Vars is the state of the Go runtime, which stops the program for some microseconds to give it. Nobody may
// change what is returned.
func (c *Collector) Vars() *Vars {
	return c.vars.get(func() *Vars {
		v := &Vars{Cmdline: RedactArgs(c.args)}
		runtime.ReadMemStats(&v.MemStats)
		return v
	})
}

// Stacks is a dump of all goroutines, for which the program stops. Nobody may change what is returned.
func (c *Collector) Stacks() []byte {
	return c.stacks.get(func() []byte {
		const withStacks = 2
		var buf bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&buf, withStacks); err != nil {
			return []byte(err.Error())
		}
		return buf.Bytes()
	})
}

// secretFlags are the flags whose values are secrets or hold some.
var secretFlags = map[string]bool{
	"user": true, "pass": true, "auth": true,
	"routes": true, "cluster": true, "cluster_listen": true,
}

// userinfo matches the credentials in a URL.
var userinfo = regexp.MustCompile(`://[^/@\s]*@`)

const redacted = "[REDACTED]"

// RedactArgs returns a copy of a command line in which secrets are replaced: values of the flags that
// carry them, and credentials in URLs.
func RedactArgs(args []string) []string {
	out := make([]string, len(args))
	hideNext := false
	for i, arg := range args {
		if hideNext {
			out[i], hideNext = redacted, false
			continue
		}
		name, value, assigned := strings.Cut(arg, "=")
		key := strings.ReplaceAll(strings.TrimLeft(name, "-"), "-", "_")
		switch secret := strings.HasPrefix(name, "-") && secretFlags[key]; {
		case secret && assigned && value != "":
			out[i] = name + "=" + redacted
		default:
			hideNext = secret && !assigned
			out[i] = userinfo.ReplaceAllString(arg, "://"+redacted+"@")
		}
	}
	return out
}
