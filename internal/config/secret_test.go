package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func TestSecretHides(t *testing.T) {
	t.Parallel()
	s := struct{ S Secret }{"canary"}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s.S, "struct", s)
	for _, got := range []string{string(text), log.String(), fmt.Sprintf("%v %s %q %#v %+v %x %d", s, s.S, s.S, s, s, s.S, s.S)} {
		if strings.Contains(got, "canary") || !strings.Contains(got, redacted) {
			t.Error(got)
		}
	}
	if s.S.Reveal() != "canary" {
		t.Error("the text is lost")
	}
}

func TestClosest(t *testing.T) {
	t.Parallel()
	options := []string{"max_payload", "max_pending", "port", "host"}
	for name, want := range map[string]string{
		"prot": "port", "ports": "port", "hst": "host", "max_paylaod": "max_payload", "maxpayload": "max_payload",
		"max_pendings": "max_pending", "x": "", "completely": "", "": "", "ports_file_dir": "",
	} {
		if got := closest(name, options); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestRegistryMistakes: the tree does not build from a registry that contradicts itself.
func TestRegistryMistakes(t *testing.T) {
	t.Parallel()
	for want, keys := range map[string][]*Key{
		"a is not described before it": {{Path: "a.b"}},
		"a is described twice":         {{Path: "a"}, {Path: "b", Aliases: []string{"a"}}},
	} {
		if _, err := buildTree(slices.Values(keys)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", keys, err)
		}
	}
}

// TestUnregisteredKey: reading a key that the registry does not know is a mistake of a section.
func TestUnregisteredKey(t *testing.T) {
	t.Parallel()
	tree, err := buildTree(slices.Values([]*Key{{Path: "a", Type: Bool}}))
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{tree: tree}
	if b := newBlock(d, tree, "", Pos{}); b.bool("nope") || len(d.list) != 1 {
		t.Error(d.list)
	}
}

func TestTypeWords(t *testing.T) {
	t.Parallel()
	for typ, want := range map[Type]string{Bool | Text: "true or false or a string", Free: "any value", SizeOrText: `a size such as 64MB or "1G"`} {
		if got := typ.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestEnabled(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "authorization { user: a, password: b }": true, "authorization { token: a }": true,
		"authorization { users: [ {user: a, password: b} ] }": true, "authorization { timeout: 1 }": false,
	} {
		o, problems := load(t, text+"\n")
		if o == nil || o.Authorization.Enabled() != want {
			t.Errorf("%s: %v", text, problems)
		}
	}
}
