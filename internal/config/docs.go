package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// WriteDocumentation writes docs/configuration.md: the reference of all keys, from the registry.
func WriteDocumentation(w io.Writer) error {
	d := &documenter{seen: map[string]string{}}
	root, err := registry()
	if err != nil {
		return err
	}
	d.WriteString(docsIntro)
	for _, s := range sections() {
		d.section(root, s)
	}
	_, err = io.WriteString(w, d.String())
	return err
}

const docsIntro = `# Configuration

Generated from the registry in internal/config. Do not edit: change the registry, then run
` + "`go test ./internal/config -run TestDocumentation -update`" + `.

## How values are found

A command-line flag beats the environment, the environment beats the file, the file beats the default. The rule is
the same at the start and at every reload. Every key outside arrays and outside names that you choose can be set by
an environment variable: ` + "`NATSD_`" + ` and the path in upper case with ` + "`_`" + ` for the dots, so ` + "`tls.timeout`" + ` is
` + "`NATSD_TLS_TIMEOUT`" + `. Lists are separated by commas there. ` + "`natsd -t`" + ` checks all layers as a start does.

Names of keys are read without letter case, except those marked *exact case*. Names that you choose (accounts,
metadata, subjects) keep their case. A key may stand under any of its names; if it stands twice, the last one counts
and a warning says so.

## What a reload does to a key

The column *Reload* says it: *live* holds at once and ends no connection; *new connections* holds for those made from
then on; *live, may disconnect* holds at once and ends the connections that lose their right to be there.
[reloading.md](reloading.md) tells how to reload, [reload.md](reload.md) lists which connections end.

## Durations and sizes

| Class | Reads |
|---|---|
| D1 | a duration such as "10s" or "1m30s"; a bare number is seconds and gives a warning |
| D2 | a duration, or a number of seconds, decimals allowed |
| D3 | a duration, or a whole number of seconds |
| D4 | a number of seconds; a duration is read too (nats-server takes any string for one second) |
| D5 | a duration only |
| S1 | a number of bytes with an optional suffix: k, m, g, t, p, e count in thousands; kb, ki, kib and so on in 1024s |
| S2 | as S1, or a string such as "1G", whose letter counts in 1024s |

An unquoted ` + "`5m`" + ` in a duration means five minutes. nats-server reads the number 5,000,000 there, so natsd warns:
put durations in quotes.

## Where options mean something else than in nats-server

How the text of a file is read differs in the cases of [config-differences.md](config-differences.md). For options:

| nats-server | natsd | Why |
|---|---|---|
| an unquoted ` + "`5m`" + ` in a duration is 5,000,000 seconds | five minutes, with a warning | nobody means 57 days |
| a string in the ` + "`authorization.timeout`" + ` of websocket and mqtt is one second | it is read as duration | it was meant |
| a duration key given as duration without quotes is an error where only strings count (` + "`lame_duck_duration: 5m`" + `) | accepted, with a warning | same word, same meaning everywhere |
| of two spellings of one key, or of ` + "`listen`" + ` beside ` + "`host`" + ` and ` + "`port`" + `, a random one counts | the later one counts, with a warning | a file must mean one thing |
| unknown keys in ` + "`resolver`" + `, ` + "`latency`" + ` and ` + "`jetstream_cluster_migrate`" + `, and keys in the wrong letter case, are ignored silently | ignored with a warning | nothing is ignored silently |
| many contradictions are found at the start only | found by ` + "`-t`" + `, at the start and by a reload alike | one path |
| ports outside -1 to 65535 are found when binding | found when loading | the file is to blame |
| bcrypt hashes of any cost | a cost above ` + "`bcrypt_max_cost`" + ` is refused, one below 10 warned about | one login must not take minutes |
| PROXY headers are taken from anybody | from ` + "`proxy_protocol_from`" + `, loopback when not set | a client could name any address |
| ` + "`-t`" + ` with a ` + "`resolver`" + ` creates its folder | creates nothing | a test must not change anything |
| a bad nkey seed of a leafnode is printed | it is not | it is a secret |

## Features that are not built yet

Every key of nats-server is read and checked. Where the feature behind a key does not exist in this version, ` + "`natsd -t`" + `
says so. If the server would behave differently without it, or let in somebody else, a start refuses; such keys are
marked *refused*. The others only give a warning; they are marked *no effect yet*.
`

// documenter collects the page.
type documenter struct {
	strings.Builder
	seen map[string]string // shape of a block: where it was described
}

func (d *documenter) section(root *node, s section) {
	title := s.title
	if title == "" {
		title = "`" + strings.SplitN(s.keys[0].Path, ".", 2)[0] + "`"
	}
	fmt.Fprintf(d, "\n## %s\n\n", title)
	if s.intro != "" {
		fmt.Fprintf(d, "%s\n\n", s.intro)
	}
	d.WriteString("| Key | Value | Default | Flag | Reload | Meaning |\n|---|---|---|---|---|---|\n")
	skip := ""
	for _, k := range s.keys {
		if skip != "" && strings.HasPrefix(k.Path, skip) {
			continue
		}
		skip = ""
		n := root.at(k.Path)
		note := ""
		if earlier := d.repeats(n); earlier != "" {
			note, skip = " The keys inside are those of `"+earlier+"`.", k.Path
		}
		d.row(n, note)
	}
}

// repeats returns where a block of the same keys was described before.
func (d *documenter) repeats(n *node) string {
	var shape strings.Builder
	count := 0
	n.each(func(c *node) {
		count++
		fmt.Fprintf(&shape, "%s %d %v\n", strings.TrimPrefix(c.path, n.path), c.key.Type, c.key.Default)
	})
	if count < 3 {
		return ""
	}
	earlier := d.seen[shape.String()]
	if earlier == "" {
		d.seen[shape.String()] = n.path
	}
	return earlier
}

func (d *documenter) row(n *node, note string) {
	k := n.key
	names := "`" + k.Path + "`"
	for _, a := range k.Aliases {
		names += ", `" + a + "`"
	}
	doc := k.Doc + note
	for _, mark := range []struct {
		on   bool
		text string
	}{
		{k.Exact, "*Exact case.*"},
		{k.Own, "*natsd only.*"},
		{k.FlagOnly, "*Flag and environment only.*"},
		{k.PlainOnly, "*Only as plain value in place of the block.*"},
		{k.Pending != "" && k.Refuse, "*Refused: " + k.Pending + " not built yet.*"},
		{k.Pending != "" && !k.Refuse, "*No effect yet: " + k.Pending + " not built.*"},
	} {
		if mark.on {
			doc += " " + mark.text
		}
	}
	cells := []string{names, docType(k), docDefault(k), k.Flag, k.Reload.String(), strings.TrimSpace(doc)}
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", "\\|")
	}
	fmt.Fprintf(d, "| %s |\n", strings.Join(cells, " | "))
}

var docTypes = []struct {
	set  Type
	word string
}{
	{Bool, "bool"},
	{Int, "number"},
	{Text, "string"},
	{Strings, "string or array"},
	{List, "array of strings"},
	{DurationOrSeconds, "duration D1"},
	{SecondsOrDuration, "duration D2"},
	{WholeSeconds, "duration D3"},
	{PlainSeconds, "duration D4"},
	{DurationText, "duration D5"},
	{Size, "size S1"},
	{SizeOrText, "size S2"},
	{Block, "block"},
	{Blocks, "array of blocks"},
	{Names, "block with names of your own"},
	{Free, "see text"},
}

func docType(k *Key) string {
	var words []string
	for _, t := range docTypes {
		if k.Type&t.set != 0 {
			words = append(words, t.word)
		}
	}
	text := strings.Join(words, ", ")
	if len(k.Words) > 0 {
		text += ": " + strings.Join(k.Words, ", ")
	}
	return text
}

func docDefault(k *Key) string {
	switch v := k.Default.(type) {
	case nil:
		return ""
	case time.Duration:
		return shortDuration(v)
	case int64:
		if k.Type&sizes != 0 && v >= 1<<20 && v%(1<<20) == 0 {
			return fmt.Sprintf("%d MiB", v>>20)
		}
		return strconv.FormatInt(v, 10)
	case []string:
		return strings.Join(v, ", ")
	default:
		return fmt.Sprint(v)
	}
}

// shortDuration prints 2m0s as 2m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// at returns the node of a path in the notation of the registry.
func (n *node) at(path string) *node {
	for _, e := range splitPath(path) {
		if n = n.child(e); n == nil {
			return nil
		}
	}
	return n
}
