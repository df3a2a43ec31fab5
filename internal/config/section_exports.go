package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"natsd/internal/config/syntax"
	"natsd/internal/subject"
)

// exportsSection is what connects accounts with each other: exports, imports and mappings, and the
// account's part of message tracing.
var exportsSection = section{title: "Accounts: exports, imports, mappings, traces", decode: decodeExports, check: checkImports, keys: slices.Concat(
	under("accounts.*.", exportKeys, importKeys, traceKeys),
	mappingKeys("accounts.*.mappings"),
	mappingKeys("mappings"),
)}

var exportKeys = []Key{
	{Path: "exports", Type: Blocks, Pending: "exports and imports", TypeError: "Exports should be an array, got %s", Doc: "What other accounts may import."},
	{Path: "exports[].stream", Type: Text, Doc: "Subject of messages that others may receive."},
	{Path: "exports[].service", Type: Text, Doc: "Subject of requests that others may send."},
	{Path: "exports[].accounts", Type: Strings, Doc: "Accounts that may import it; all when not set."},
	{Path: "exports[].account_token_position", Type: Int, Default: 0, Check: checkAtLeast0("account_token_position"), Doc: "Token of the subject that must be the importer's name."},
	{Path: "exports[].response", Aliases: []string{"response_type"}, Type: Text, Default: "singleton", Parse: parseResponse, Doc: "Service: `single`, `stream` or `chunked` answers."},
	{Path: "exports[].threshold", Aliases: []string{"response_threshold", "response_max_time", "response_time"}, Type: DurationText, Default: 2 * time.Minute, TypeError: "Expected response threshold to be a parseable time duration, got %s", Doc: "Service: time that an answer may take."},
	{Path: "exports[].latency", Type: Block, Short: "subject", Lenient: true, Doc: "Service: measures latency. A subject may stand in place of the block."},
	{Path: "exports[].latency.subject", Exact: true, Type: Text, Doc: "Where measurements go."},
	{Path: "exports[].latency.sampling", Exact: true, Type: Int | Text, Default: 100, Parse: parseSampling, Doc: "Share of requests that are measured, 1 to 100 or `\"25%\"`, or `headers`."},
	{Path: "exports[].allow_trace", Type: Bool, Default: false, Doc: "Service: message traces go on into this account."},
}

var importKeys = slices.Concat([]Key{
	{Path: "imports", Type: Blocks, Pending: "exports and imports", Refuse: true, TypeError: "Imports should be an array, got %s", Doc: "What is taken from other accounts."},
	{Path: "imports[].stream", Type: Block, Doc: "Messages of another account."},
	{Path: "imports[].service", Type: Block, Doc: "Requests to another account."},
	{Path: "imports[].prefix", Type: Text, Doc: "Stream: put before the subject."},
	{Path: "imports[].to", Type: Text, Doc: "Subject here; `$1` stands for the first wildcard."},
	{Path: "imports[].share", Type: Bool, Default: false, Doc: "Service: tells the exporter about the client."},
	{Path: "imports[].allow_trace", Type: Bool, Default: false, Doc: "Stream: message traces go on into this account."},
}, importSource("imports[].stream"), importSource("imports[].service"))

func importSource(prefix string) []Key {
	return under(prefix, []Key{
		{Path: ".account", Type: Text, Doc: "Account that exports."},
		{Path: ".subject", Type: Text, Doc: "Subject there; a part of what is exported."},
	})
}

var traceKeys = []Key{
	{Path: "msg_trace", Aliases: []string{"trace_dest"}, Type: Block, Short: "dest", Pending: "message tracing", Doc: "Where traces of messages go. A subject may stand in place of the block."},
	{Path: "msg_trace.dest", Type: Text, Check: checkTraceSubject, Doc: "Subject of the traces."},
	{Path: "msg_trace.sampling", Type: Int | Text, Default: 100, Parse: parseTraceSampling, Doc: "Share of messages that are traced, 1 to 100 or `\"20%\"`."},
}

func parseResponse(v *syntax.Value) (any, error) {
	switch strings.ToLower(v.Str) {
	case "single", "singleton":
		return "singleton", nil
	case "stream":
		return "stream", nil
	case "chunk", "chunked":
		return "chunked", nil
	}
	return nil, fmt.Errorf("Unknown response type: %q", cut(v.Str)) //nolint:staticcheck // the peer's words
}

// parsePercent reads N or "N%".
func parsePercent(v *syntax.Value) (int64, error) {
	if v.Kind == syntax.Int {
		return v.Int, nil
	}
	if v.Kind != syntax.String {
		return 0, fmt.Errorf("expected a number from 0 to 100 or a string such as \"25%%\", got %s", describe(v))
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v.Str), "%")))
	if err != nil {
		return 0, fmt.Errorf("expected a number from 0 to 100 or a string such as \"25%%\", got %s", describe(v))
	}
	return int64(n), nil
}

// parseSampling gives 0 for "headers".
func parseSampling(v *syntax.Value) (any, error) {
	if v.Kind == syntax.String && strings.EqualFold(v.Str, "headers") {
		return int64(0), nil
	}
	n, err := parsePercent(v)
	if err != nil || n < 1 || n > 100 {
		return nil, errors.New("bad sampling percentage, should be 1-100")
	}
	return n, nil
}

func parseTraceSampling(v *syntax.Value) (any, error) {
	n, err := parsePercent(v)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > 100 {
		return nil, fmt.Errorf("trace destination sampling value %d is invalid, needs to be [1..100]", n)
	}
	return n, nil
}

func checkTraceSubject(v any) error {
	if s, _ := v.(string); !subject.ValidLiteral(s) {
		return fmt.Errorf("trace destination %q is not valid", s)
	}
	return nil
}

func decodeExports(root *block, o *Options) {
	o.Mappings = decodeMappings(root)
	for _, nv := range root.names("accounts") {
		i := slices.IndexFunc(o.Accounts, func(a Account) bool { return a.Name == nv.Name })
		if nv.Block == nil || i < 0 {
			continue
		}
		a := &o.Accounts[i]
		for _, b := range nv.Block.list("exports") {
			if e, ok := decodeExport(b); ok {
				a.Exports = append(a.Exports, e)
			}
		}
		for _, b := range nv.Block.list("imports") {
			if im, ok := decodeImport(b); ok {
				a.Imports = append(a.Imports, im)
			}
		}
		a.Mappings = decodeMappings(nv.Block)
		a.MsgTrace = decodeTrace(nv.Block.block("msg_trace"))
	}
}

func decodeTrace(b *block) *MsgTrace {
	switch {
	case !b.present:
		return nil
	case !b.has("dest"):
		b.warnf("", "msg_trace has no effect without dest")
		return nil
	}
	return &MsgTrace{Destination: b.str("dest"), Sampling: b.int("sampling"), Pos: b.pos}
}

// decodeExport reads one export; false after an error that makes it useless.
func decodeExport(b *block) (Export, bool) {
	e := Export{
		Flow: StreamFlow, Subject: b.str("stream"), Accounts: b.strs("accounts"), TokenPosition: b.int("account_token_position"), Pos: b.pos,
	}
	switch {
	case b.has("stream") && b.has("service"):
		b.errorf("service", "Detected service %q but already saw a stream", b.str("service"))
		return e, false
	case b.has("service"):
		e.Flow, e.Subject = ServiceFlow, b.str("service")
		e.Response, e.Threshold, e.AllowTrace = b.str("response"), b.dur("threshold"), b.bool("allow_trace")
		e.Latency = decodeLatency(b, e.Response)
	case b.has("stream"):
		for _, name := range []string{"response", "threshold", "latency", "allow_trace"} {
			if b.has(name) {
				b.errorf(name, "Detected %s directive on non-service", name)
			}
		}
	default:
		b.errorf("", "an export needs a stream or a service")
		return e, false
	}
	if e.Subject == "" || !subject.Valid(e.Subject) {
		b.errorf(string(e.Flow), "subject %q is not a valid subject", e.Subject)
		return e, false
	}
	if n := e.TokenPosition; n > 0 {
		tokens := strings.Split(e.Subject, ".")
		if n > len(tokens) || tokens[n-1] != "*" {
			b.errorf("account_token_position", "account_token_position %d does not point to a * of %q", n, e.Subject)
		}
	}
	return e, true
}

func decodeLatency(b *block, response string) *Latency {
	l := b.block("latency")
	if !l.present {
		return nil
	}
	if l.str("subject") == "" {
		l.errorf("", "Latency subject required, but missing")
		return nil
	}
	if response != "singleton" {
		b.errorf("latency", "Error adding service latency sampling for %q on subject %q: bad service response type", b.str("service"), l.str("subject"))
	}
	if !subject.ValidLiteral(l.str("subject")) {
		l.errorf("subject", "subject %q is not a valid subject", l.str("subject"))
	}
	return &Latency{Subject: l.str("subject"), Sampling: l.int("sampling")}
}

// decodeImport reads one import; false after an error that makes it useless.
func decodeImport(b *block) (Import, bool) {
	im := Import{Flow: StreamFlow, Pos: b.pos, Prefix: b.str("prefix"), Local: b.str("to"), AllowTrace: b.bool("allow_trace"), Share: b.bool("share")}
	switch {
	case b.has("stream") && b.has("service"):
		b.errorf("service", "Detected service but already saw a stream")
		return im, false
	case b.has("service"):
		im.Flow = ServiceFlow
	case !b.has("stream"):
		b.errorf("", "an import needs a stream or a service")
		return im, false
	}
	from := b.block(string(im.Flow))
	im.Account, im.Subject = from.str("account"), from.str("subject")
	if im.Account == "" || im.Subject == "" {
		from.errorf("", "Expect an account name and a subject")
		return im, false
	}
	if !subject.Valid(im.Subject) {
		from.errorf("subject", "subject %q is not a valid subject", im.Subject)
		return im, false
	}
	checkLocal(b, &im)
	return im, true
}

// checkLocal looks at the keys that say how an import is called here.
func checkLocal(b *block, im *Import) {
	if im.Flow == ServiceFlow {
		for _, name := range []string{"prefix", "allow_trace"} {
			if b.has(name) {
				b.errorf(name, "Detected %s directive on a non-stream import", name)
			}
		}
	} else if b.has("share") {
		b.errorf("share", "Detected share directive on a non-service import")
	}
	if im.Prefix != "" && im.Local != "" {
		b.errorf("to", "Stream import can not have a 'prefix' and a 'to' property")
		return
	}
	fail := func(name string, reason any) {
		b.errorf(name, "Error adding %s import %q: %s", im.Flow, im.Subject, reason)
	}
	if im.Prefix != "" && !subject.ValidLiteral(strings.TrimSuffix(im.Prefix, ".")) {
		fail("prefix", "stream import prefix can not contain wildcard tokens")
	}
	if im.Local != "" {
		if err := checkRename(im.Subject, im.Local); err != nil {
			fail("to", err)
		}
	}
	if im.Local == "" && im.Prefix == "" {
		im.Local = im.Subject
	}
}
