package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"natsd/internal/logging"
)

var loggingSection = section{title: "Logging", decode: decodeLogging, keys: []Key{
	{Path: "debug", Type: Bool, Default: false, Flag: "-D, --debug, -DV, -DVV", Doc: "Logs debug lines."},
	{Path: "trace", Type: Bool, Default: false, Flag: "-V, --trace, -DV, -VV, -DVV", Doc: "Logs every protocol message."},
	{Path: "trace_verbose", Type: Bool, Default: false, Flag: "-VV, -DVV", Doc: "Logs the protocol messages of the system account too. Switches `trace` on."},
	{Path: "trace_headers", Type: Bool, Default: false, Doc: "Logs only the headers of messages. Switches `trace` on."},
	{Path: "logtime", Type: Bool, Default: true, Flag: "-T, --logtime", Doc: "Puts date and time into log lines."},
	{Path: "logtime_utc", Type: Bool, Default: false, Flag: "--logtime_utc", Doc: "Times in UTC instead of local time."},
	{Path: "log_file", Aliases: []string{"logfile"}, Type: Text, Flag: "-l, --log", Doc: "File for the log; without one it goes to standard error."},
	{Path: "log_size_limit", Aliases: []string{"logfile_size_limit"}, Type: Size, Default: 0, Check: checkAtLeast0("log_size_limit"), Flag: "--log_size_limit", Doc: "Size at which the log file is put aside and begun anew; 0 is never."},
	{Path: "log_max_num", Aliases: []string{"logfile_max_num"}, Type: Int, Default: 0, Check: checkAtLeast0("log_max_num"), Doc: "Log files that are kept, the current one included; 0 keeps all."},
	{Path: "log_max_age", Own: true, Type: DurationOrSeconds, Default: time.Duration(0), Check: checkAtLeast0("log_max_age"), Doc: "Age at which log files put aside are removed; 0 is never."},
	{Path: "log_compress", Own: true, Type: Bool, Default: false, Doc: "Compresses log files put aside."},
	{Path: "log_format", Own: true, Type: Text, Words: []string{"classic", "json", "logfmt"}, Default: "classic", Doc: "Form of log lines; `classic` is that of nats-server."},
	{Path: "log_levels", Own: true, Type: Names, Doc: "Lowest level that is logged, by module: `" + strings.Join(logging.Modules(), "`, `") + "`."},
	{Path: "log_levels.*", Type: Text, Words: []string{"trace", "debug", "info", "warn", "error", "fatal"}, Doc: "Level of one module."},
	{Path: "syslog", Type: Bool, Default: false, Flag: "-s, --syslog", Doc: "Logs to the system log of this machine. `log_file` goes first."},
	{Path: "remote_syslog", Type: Text, Check: checkSyslogURL, Flag: "-r, --remote_syslog", Doc: "`udp://`, `tcp://` or `unix://` address of a system log. Goes before `syslog`."},
}}

var logLevels = map[string]slog.Level{
	"trace": -8, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "fatal": 12,
}

func decodeLogging(root *block, o *Options) {
	o.Logging = Logging{
		Debug: root.bool("debug"), Trace: traceOn(root), TraceVerbose: root.bool("trace_verbose"), TraceHeaders: root.bool("trace_headers"),
		Time: root.bool("logtime"), UTC: root.bool("logtime_utc"),
		File: root.str("log_file"), SizeLimit: root.int64("log_size_limit"), MaxFiles: root.int("log_max_num"),
		MaxAge: root.dur("log_max_age"), Compress: root.bool("log_compress"), Format: root.str("log_format"),
		Levels: map[string]slog.Level{}, Syslog: root.bool("syslog"), RemoteSyslog: root.str("remote_syslog"),
	}
	for _, nv := range root.names("log_levels") {
		if word, ok := nv.Plain.(string); ok {
			o.Logging.Levels[nv.Name] = logLevels[word]
		}
		if !logging.IsModule(nv.Name) {
			root.d.add(nv.Pos, "log_levels", moduleHint(nv.Name), true, "log_levels of %q has no effect: there is no such module", nv.Name)
		}
	}
}

func moduleHint(name string) string {
	if best := closest(name, logging.Modules()); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "modules are " + strings.Join(logging.Modules(), ", ")
}

// traceOn combines the three switches: each of them turns tracing on, but a higher layer that says
// no to trace itself wins over a lower one that says yes to its variants.
func traceOn(root *block) bool {
	if root.bool("trace") {
		return true
	}
	for _, name := range []string{"trace_verbose", "trace_headers"} {
		if root.bool(name) && root.layer("trace") <= root.layer(name) {
			return true
		}
	}
	return false
}

func checkSyslogURL(v any) error {
	s, _ := v.(string)
	u, err := url.Parse(s)
	if err != nil {
		return fmt.Errorf("error parsing remote syslog address: %w", err)
	}
	switch u.Scheme {
	case "udp", "tcp", "unix":
		return nil
	case "":
		if s == "" {
			return nil
		}
	}
	return fmt.Errorf("error invalid network type: %q", u.Scheme)
}
