package main

// kind is what a flag takes.
type kind uint8

const (
	boolean kind = iota // nothing, or a value after '='
	number
	text
)

// option is one flag of the command line.
type option struct {
	name   string   // the spelling that pflag knows
	also   []string // the other spellings
	kind   kind
	arg    string // placeholder in the usage
	key    string // key of the configuration that it sets; empty when the command itself uses it
	secret bool   // its value may hold a password
	help   string
}

type optionGroup struct {
	title   string
	options []option
}

// Names of the flags that the command itself uses.
const (
	flagConfig    = "config"
	flagTest      = "t"
	flagStrict    = "strict"
	flagSignal    = "signal"
	flagNoWatch   = "no-watch"
	flagCluster   = "cluster"
	flagDV        = "DV"
	flagDVV       = "DVV"
	flagVV        = "VV"
	flagHelp      = "help"
	flagVersion   = "version"
	flagHelpTLS   = "help_tls"
	flagJetStream = "jetstream"
)

// optionGroups describes every flag once, in the order of the usage text: spellings, keys and help
// all come from here.
func optionGroups() []optionGroup {
	return []optionGroup{
		{"Server", []option{
			{name: "addr", also: []string{"a", "net"}, kind: text, arg: "host", key: "host", help: "Bind to host address (default: 0.0.0.0)"},
			{name: "port", also: []string{"p"}, kind: number, arg: "port", key: "port", help: "Use port for clients, -1 picks a free one (default: 4222)"},
			{name: "server_name", also: []string{"n", "name"}, kind: text, arg: "name", key: "server_name", help: "Server name (default: the server id)"},
			{name: "client_advertise", kind: text, arg: "host:port", key: "client_advertise", help: "Address told to clients and other servers"},
			{name: "pid", also: []string{"P"}, kind: text, arg: "file", key: "pid_file", help: "File to store the process id"},
			{name: "ports_file_dir", kind: text, arg: "dir", key: "ports_file_dir", help: "Write the ports in use to <dir>/natsd_<pid>.ports"},
			{name: "http_port", also: []string{"m"}, kind: number, arg: "port", key: "http_port", help: "Use port for http monitoring"},
			{name: "https_port", also: []string{"ms"}, kind: number, arg: "port", key: "https_port", help: "Use port for https monitoring"},
			{name: flagConfig, also: []string{"c"}, kind: text, arg: "file", help: "Configuration file"},
			{name: flagTest, kind: boolean, help: "Test the configuration and exit"},
			{name: flagStrict, kind: boolean, help: "Take warnings about the configuration as errors"},
			{name: flagNoWatch, kind: boolean, help: "Do not reload when configuration files change"},
			{name: flagSignal, also: []string{"sl"}, kind: text, arg: "signal[=target]", help: "Signal a running natsd: stop, quit, term, reopen, reload or ldm.\nThe target is a process id, a pid file, or the beginning of a process id with '*';\nwithout one it is the only running natsd"},
		}},
		{"Logging", []option{
			{name: "log", also: []string{"l"}, kind: text, arg: "file", key: "log_file", help: "File to write the log to"},
			{name: "logtime", also: []string{"T"}, kind: boolean, key: "logtime", help: "Timestamp log lines (default: true)"},
			{name: "logtime_utc", kind: boolean, key: "logtime_utc", help: "Timestamp log lines in UTC"},
			{name: "log_size_limit", kind: number, arg: "bytes", key: "log_size_limit", help: "Start a new log file at this size (default: never)"},
			{name: "syslog", also: []string{"s"}, kind: boolean, key: "syslog", help: "Log to syslog"},
			{name: "remote_syslog", also: []string{"r"}, kind: text, arg: "url", key: "remote_syslog", help: "Log to a syslog server (udp://localhost:514)"},
			{name: "debug", also: []string{"D"}, kind: boolean, key: "debug", help: "Debug output"},
			{name: "trace", also: []string{"V"}, kind: boolean, key: "trace", help: "Trace the protocol"},
			{name: flagVV, kind: boolean, help: "Trace, system account included"},
			{name: flagDV, kind: boolean, help: "Debug and trace"},
			{name: flagDVV, kind: boolean, help: "Debug and trace, system account included"},
			{name: "max_traced_msg_len", kind: number, arg: "bytes", key: "max_traced_msg_len", help: "Show at most this much of a traced message (default: all)"},
		}},
		{"JetStream", []option{
			{name: flagJetStream, also: []string{"js"}, kind: boolean, key: "jetstream", help: "Enable JetStream"},
			{name: "store_dir", also: []string{"sd"}, kind: text, arg: "dir", key: "store_dir", help: "Directory for stored messages"},
		}},
		{"Authorization", []option{
			{name: "user", kind: text, arg: "user", key: "authorization.user", secret: true, help: "User required for connections"},
			{name: "pass", kind: text, arg: "password", key: "authorization.password", secret: true, help: "Password required for connections"},
			{name: "auth", kind: text, arg: "token", key: "authorization.token", secret: true, help: "Token required for connections"},
		}},
		{"TLS", []option{
			{name: "tls", kind: boolean, key: "tls", help: "Require TLS, do not verify clients"},
			{name: "tlscert", kind: text, arg: "file", key: "tls.cert_file", help: "Certificate of the server"},
			{name: "tlskey", kind: text, arg: "file", key: "tls.key_file", help: "Private key of the certificate"},
			{name: "tlsverify", kind: boolean, key: "tls.verify", help: "Require TLS, verify clients"},
			{name: "tlscacert", kind: text, arg: "file", key: "tls.ca_file", help: "Authorities that client certificates are verified against"},
		}},
		{"Cluster", []option{
			{name: "routes", kind: text, arg: "urls", key: "cluster.routes", secret: true, help: "Comma separated routes to dial"},
			{name: flagCluster, also: []string{"cluster_listen"}, kind: text, arg: "url", secret: true, help: "Listen for routes: nats://[user:password@]host:port; empty switches clustering off"},
			{name: "cluster_name", kind: text, arg: "name", key: "cluster.name", help: "Cluster name (default: a random one)"},
			{name: "cluster_advertise", kind: text, arg: "host:port", key: "cluster.advertise", help: "Address told to other servers of the cluster"},
			{name: "no_advertise", kind: boolean, key: "cluster.no_advertise", help: "Do not tell clients about other servers"},
			{name: "connect_retries", kind: number, arg: "n", key: "cluster.connect_retries", help: "How often to retry a route learned from others"},
		}},
		{"Profiling", []option{
			{name: "profile", kind: number, arg: "port", key: "prof_port", help: "Use port for profiling"},
		}},
		{"Common", []option{
			{name: flagHelp, also: []string{"h"}, kind: boolean, help: "Show this text"},
			{name: flagVersion, also: []string{"v"}, kind: boolean, help: "Show the version"},
			{name: flagHelpTLS, kind: boolean, help: "Show the names of ciphers and curves for tls blocks"},
		}},
	}
}

// bySpelling finds an option by any of its spellings. Case counts.
func bySpelling() map[string]option {
	m := make(map[string]option)
	for _, g := range optionGroups() {
		for _, o := range g.options {
			m[o.name] = o
			for _, s := range o.also {
				m[s] = o
			}
		}
	}
	return m
}
