package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteReloadTable writes docs/reload.md: what a reload does with each key, from the registry.
func WriteReloadTable(w io.Writer) error {
	var b strings.Builder
	b.WriteString(reloadIntro)
	for _, class := range []struct {
		of    Reload
		title string
		text  string
	}{
		{Restart, "Keys that need a restart", "A reload in the mode `strict` refuses their change; `partial` keeps it for the next start."},
		{Disruptive, "Live, and some connections may end", "The new value holds at once. Who loses the right to be connected is told so, and its connection ends; all others stay."},
		{NewOnly, "Live, for new connections", "The new value holds for connections made from then on. Those that exist stay as they are."},
		{Live, "Live", "The new value holds at once, for all connections, and ends none."},
	} {
		keys := keysOf(class.of)
		fmt.Fprintf(&b, "\n## %s\n\n", class.title)
		if len(keys) == 0 {
			b.WriteString("None.\n")
			continue
		}
		fmt.Fprintf(&b, "%s\n\n", class.text)
		writeKeys(&b, keys)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const reloadIntro = `# What a reload does

Generated from the registry in internal/config. Do not edit: change the registry, then run
` + "`go test ./internal/config -run TestDocumentation -update`" + `.

A reload is a transaction: either all of a new configuration is in force afterwards, or nothing has changed
([why](adr/0002-reload-as-a-transaction.md)). It compares what configurations mean, not how they are written: order,
comments, notation and spelling of a key make no difference, and a section that did not change is not touched.
Files that keys name (certificates, keys, passwords) are read again and compared by what they hold.

A reload that would take away all authentication, TLS or accounts is refused: a file that was cut off looks just like
that. So is one that moves a listener without authentication from loopback to another address; monitoring and profiles
never have any. ` + "`allow_auth_removal: true`" + ` in the configuration that runs permits both.

Keys of features that are not built yet are listed with what holds for them then.
`

// keysOf returns the keys of one class that can be set, by path. Keys that only stand for others are
// left out.
func keysOf(class Reload) []Key {
	var out []Key
	for k := range Keys {
		if k.Reload == class && k.Expand == nil && (k.Type.scalar() || k.Type&Block == 0 || k.Why != "") {
			out = append(out, *k)
		}
	}
	slices.SortStableFunc(out, func(x, y Key) int { return cmp.Compare(x.Path, y.Path) })
	return out
}

// writeKeys writes a table, one row for each reason; keys without one are a plain list.
func writeKeys(b *strings.Builder, keys []Key) {
	var reasons []string
	byReason := map[string][]string{}
	for _, k := range keys {
		if byReason[k.Why] == nil {
			reasons = append(reasons, k.Why)
		}
		byReason[k.Why] = append(byReason[k.Why], "`"+k.Path+"`")
	}
	if len(reasons) > 1 || reasons[0] != "" {
		b.WriteString("| Keys | Note |\n|---|---|\n")
		for _, why := range reasons {
			fmt.Fprintf(b, "| %s | %s |\n", strings.Join(byReason[why], ", "), why)
		}
		return
	}
	fmt.Fprintf(b, "%s\n", strings.Join(byReason[""], ", "))
}
