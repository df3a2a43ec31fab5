package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"natsd/internal/config/syntax"
)

var adminRoles = []string{"none", "viewer", "operator", "admin"}

var adminSection = section{title: "Operators and watching", decode: decodeAdmin, check: checkAdmin, keys: slices.Concat([]Key{
	{Path: "admin", Own: true, Type: Block, Doc: "The interface for operators. Without the block it is a unix socket that only the same user and root may use."},
	{Path: "admin.listen", Type: Text, Check: checkAdminListen, Doc: "TCP address, `host:port`. Other addresses than loopback need `tls`."},
	{Path: "admin.unix", Type: Text, Doc: "Path of the unix socket."},
	{Path: "admin.unix_roles", Type: Block, Doc: "Roles of the processes that connect to the socket."},
	{Path: "admin.unix_roles.uid", Type: Names, Doc: "By user id or name."},
	{Path: "admin.unix_roles.uid.*", Type: Text, Words: adminRoles, Doc: "Role of one user."},
	{Path: "admin.unix_roles.gid", Type: Names, Doc: "By group id or name. Naming one opens the socket to its group."},
	{Path: "admin.unix_roles.gid.*", Type: Text, Words: adminRoles, Doc: "Role of one group."},
	{Path: "admin.tokens", Type: Blocks, Doc: "Bearer tokens."},
	{Path: "admin.tokens[].id", Type: Text, Doc: "Name of the token, in logs and audit."},
	{Path: "admin.tokens[].hash", Type: Text, Secret: true, Doc: "bcrypt hash of the token."},
	{Path: "admin.tokens[].role", Type: Text, Words: adminRoles, Default: "viewer", Doc: "What the token may do."},
	{Path: "admin.tokens[].expires", Type: Free, Parse: parseTime, Doc: "End of its validity, RFC 3339."},
	{Path: "admin.tokens[].cidr", Type: Strings, Parse: parsePrefixes, Doc: "Networks it may be used from."},
	{Path: "admin.tokens[].accounts", Type: Strings, Doc: "Accounts it is limited to."},
	{Path: "admin.tokens[].scopes", Type: Strings, Doc: "Single rights in place of those of the role."},
	{Path: "admin.tokens_file", Type: Text, Doc: "File for tokens that the API makes; in memory only when not set."},
	{Path: "admin.cors_origins", Type: Strings, Doc: "Origins that web pages may call from; none when not set."},
	{Path: "admin.history", Type: Block, Doc: "Past configurations."},
	{Path: "admin.history.dir", Type: Text, Doc: "Folder for them; in memory only when not set."},
	{Path: "admin.history.keep", Type: Int, Default: 50, Check: checkAtLeast0("keep"), Doc: "How many are kept."},
	{Path: "admin.audit", Type: Block, Doc: "Record of what operators did."},
	{Path: "admin.audit.file", Type: Text, Doc: "File for it; the last records are in memory only when not set."},
	{Path: "admin.audit.events", Type: Bool, Default: true, Doc: "Sends each action as event too."},
	{Path: "admin.monitor", Type: Bool | Text, Default: "off", Parse: parseMonitor, Doc: "`compat` serves the monitoring paths here too, for the role viewer; `off` does not."},
	{Path: "admin.probation", Type: SecondsOrDuration, Default: 10 * time.Second, Check: checkAtLeast0("probation"), Doc: "Time after a reload in which an unhealthy server goes back."},
	{Path: "admin.pprof", Type: Bool, Default: false, Doc: "Serves Go's profiles to the role admin."},
	{Path: "admin.write_config", Type: Bool, Default: false, Doc: "Lets the API write its changes into the configuration file."},
}, tlsKeys("admin.tls"), []Key{
	{Path: "watch", Own: true, Type: Block | Bool, Short: "enabled", Grouping: true, Doc: "Reloads when a configuration file changes."},
	{Path: "watch.enabled", Type: Bool, Default: true, Flag: "--no-watch", Doc: "Switches it on."},
	{Path: "watch.mode", Type: Text, Words: []string{"strict", "partial"}, Default: "strict", Doc: "`strict` refuses a file that holds a change which needs a restart; `partial` applies the rest."},
	{Path: "watch.quiet", Type: SecondsOrDuration, Default: 150 * time.Millisecond, Check: checkAtLeast0("quiet"), Doc: "Silence after the last change before the reload."},
	{Path: "watch.poll", Type: SecondsOrDuration, Default: 5 * time.Second, Check: checkAtLeast0("poll"), Doc: "Interval of looking where the system sends no events."},
})}

func decodeAdmin(root *block, o *Options) {
	w := root.block("watch")
	o.Watch = Watch{Enabled: w.bool("enabled"), Mode: w.str("mode"), Quiet: w.dur("quiet"), Poll: w.dur("poll")}
	b := root.block("admin")
	o.Admin = Admin{
		Configured: b.present, Listen: b.str("listen"), Unix: b.str("unix"), TLS: decodeTLS(b.block("tls"), tlsListen), TokensFile: b.str("tokens_file"),
		CORSOrigins: b.strs("cors_origins"), HistoryDir: b.block("history").str("dir"), HistoryKeep: b.block("history").int("keep"),
		AuditFile: b.block("audit").str("file"), AuditEvents: b.block("audit").bool("events"), MonitorCompat: b.str("monitor") == "compat",
		Probation: b.dur("probation"), Pprof: b.bool("pprof"), WriteConfig: b.bool("write_config"), Pos: b.pos,
	}
	roles := b.block("unix_roles")
	o.Admin.UIDRoles, o.Admin.GIDRoles = roleMap(roles.names("uid")), roleMap(roles.names("gid"))
	for _, t := range b.list("tokens") {
		o.Admin.Tokens = append(o.Admin.Tokens, decodeAdminToken(t, o.Authorization.BcryptMaxCost))
	}
}

func roleMap(entries []namedValue) map[string]string {
	roles := map[string]string{}
	for _, nv := range entries {
		if role, ok := nv.Plain.(string); ok {
			roles[nv.Name] = role
		}
	}
	return roles
}

func decodeAdminToken(b *block, maxCost int) AdminToken {
	t := AdminToken{
		ID: b.str("id"), Hash: b.secret("hash"), Role: b.str("role"), CIDR: b.strs("cidr"),
		Accounts: b.strs("accounts"), Scopes: b.strs("scopes"), Pos: b.pos,
	}
	t.Expires, _ = b.value("expires").(time.Time)
	switch {
	case t.ID == "":
		b.errorf("", "an admin token needs an id")
	case !t.Hash.IsBcrypt():
		b.errorf("hash", "hash must be a bcrypt hash of the token")
	}
	checkHash(b, "hash", t.Hash, maxCost)
	return t
}

// parseMonitor gives "off" or "compat". The words on and off are true and false in a file.
func parseMonitor(v *syntax.Value) (any, error) {
	switch {
	case v.Kind == syntax.Bool && v.Bool, v.Kind == syntax.String && v.Str == "compat":
		return "compat", nil
	case v.Kind == syntax.Bool, v.Kind == syntax.String && v.Str == "off":
		return "off", nil
	}
	return nil, fmt.Errorf("expected off or compat, got %s", describe(v))
}

func parseTime(v *syntax.Value) (any, error) {
	if v.Kind == syntax.Time {
		return *v.Time, nil
	}
	t, err := time.Parse(time.RFC3339, v.Str)
	if v.Kind != syntax.String || err != nil {
		return nil, fmt.Errorf("expected a time such as 2030-01-31T00:00:00Z, got %s", describe(v))
	}
	return t, nil
}

func checkAdminListen(v any) error {
	s, _ := v.(string)
	if _, port, err := parseHostPort(s); err != nil || port == 0 {
		return fmt.Errorf("%q is not host:port", s)
	}
	return nil
}

var errAdminClear = errors.New("admin.listen on another address than loopback needs admin.tls")

// checkAdmin keeps credentials of operators off the wire.
func checkAdmin(root *block, o *Options) {
	b := root.block("admin")
	if b.good("listen") && !b.has("tls") && !loopback(o.Admin.Listen) {
		b.errorf("listen", "%s", errAdminClear)
	}
	ids := map[string]bool{}
	for _, t := range o.Admin.Tokens {
		if ids[t.ID] && t.ID != "" {
			root.d.errorAt(t.Pos, "admin.tokens", "duplicate admin token %q", t.ID)
		}
		ids[t.ID] = true
	}
}

// loopback tells that a host:port can be reached from this machine only.
func loopback(hostPort string) bool {
	host, _, err := parseHostPort(hostPort)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
