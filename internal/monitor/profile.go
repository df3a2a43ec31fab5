package monitor

import (
	"net/http"
	"net/http/pprof"
	"os"
	"strings"
)

// ProfileHandler serves the profiles of the Go runtime below /debug/pprof/, for the listener of
// prof_port. The command line is shown without secrets.
func ProfileHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/debug/pprof/cmdline", func(w http.ResponseWriter, _ *http.Request) {
		args := strings.Join(RedactArgs(os.Args), "\x00")
		writeBody(w, http.StatusOK, "text/plain; charset=utf-8", []byte(args))
	})
	return mux
}
