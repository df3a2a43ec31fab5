// Package logging turns slog records into the server's log: the classic line form of NATS servers,
// JSON or logfmt, written to standard error, to a file with rotation, or to a local or remote syslog.
//
// A [Log] is built from a [Config] by [Open]. Its loggers stay valid for the life of the process:
// [Log.Prepare] opens what a new configuration asks for, [Log.Swap] puts it in place without an
// error path, and every logger follows. A debug or trace statement that is switched off costs one
// atomic load. Logging never stops the service: a full disk or a silent syslog server loses lines,
// which are counted, told once on standard error and once in the log when it works again.
//
// Text in a record can not forge a line: control bytes and whatever else does not print are escaped.
// A type whose LogValue is redacted stays redacted, wherever in an attribute it stands.
//
// The package has no global logger and no Fatal, knows nothing of configuration files, and writes
// nothing by itself but the notes above. Any package of layer 1 and higher may import it; those that
// only log take a *slog.Logger and need not.
package logging
