package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestDelta: an archive is the same again, whatever the later one is.
func TestDelta(t *testing.T) {
	t.Parallel()
	texts := rapid.MapOf(rapid.SampledFrom([]string{"/a", "/b", "/c"}), rapid.StringOf(rapid.SampledFrom([]rune("xy\n"))))
	rapid.Check(t, func(t *rapid.T) {
		a := &Archive{src: Source{Path: "/a"}, texts: texts.Draw(t, "a"), sides: []side{{"k", "/b"}}}
		later := &Archive{texts: texts.Draw(t, "later")}
		if got := a.Delta(later).Archive(later); !reflect.DeepEqual(got.texts, a.texts) || got.src.Path != "/a" || len(got.sides) != 1 {
			t.Fatalf("%q is now %q", a.texts, got.texts)
		}
	})
	many := strings.Repeat("user\n", 1000)
	d := (&Archive{texts: map[string]string{"/a": many + "canary" + many, "/b": many}}).Delta(&Archive{texts: map[string]string{"/a": many + "x" + many, "/b": many}})
	if d.Size() != len("canary") {
		t.Errorf("%d bytes", d.Size())
	}
	if text := fmt.Sprintf("%v %+v %#v %s", d, *d, *d, d); strings.Contains(text, "canary") {
		t.Error(text)
	}
}
