package watch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNamesInText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "",
		"include a.conf":                     "/d/a.conf",
		"include a.conf; include 'b c.conf'": "/d/a.conf /d/b c.conf",
		"x { include ./sub/../b.conf }":      "/d/b.conf",
		"INCLUDE \"/e/c.conf\"\ninclude":     "/e/c.conf",
		"include users/*.conf":               "/d/users/*.conf*",
		"include */a.conf":                   "",
		"included: a.conf":                   "",
		"my/include a.conf":                  "",
		"\"include\" a.conf":                 "",
		"# include a.conf\n// include b.conf\ninclude c.conf # include d.conf": "/d/c.conf",
		"x: \"# include a.conf\"\ninclude b.conf":                              "/d/b.conf",
		"x: 'it is \"here'\ninclude b.conf":                                    "/d/b.conf",
		"urls: [nats://a:1, 'nats://b'], include b.conf":                       "/d/b.conf",
		"tls { cert_file: /c.pem, key_file = '/k k.pem'; ca_file \"/a.pem\" }": "/c.pem:certificates /k k.pem:certificates /a.pem:certificates",
		"{\"tls\":{\"cert_file\":\"/c.pem\",\"key_file\":\n\"/k.pem\"}}":       "/c.pem:certificates /k.pem:certificates",
		"Password_File: /p\ntoken_file:/t":                                     "/p:secrets /t:secrets",
		"cert_file: $CERT, key_file: /k.pem":                                   "/k.pem:certificates",
		"cert_file: \"\"\nkey_file:":                                           "",
		"certs: [{cert_file: /1.pem, key_file: /2.pem}]":                       "/1.pem:certificates /2.pem:certificates",
		"unclosed: \"x\ninclude a.conf":                                        "",
		"broken: [ {\ninclude a.conf":                                          "/d/a.conf",
	} {
		var got []string
		for _, f := range namedIn(text, filepath.FromSlash("/d")) {
			name := f.Path
			if f.Glob {
				name += "*"
			}
			if f.Kind != Configuration {
				name += ":" + f.Kind.String()
			}
			got = append(got, filepath.ToSlash(name))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}

func FuzzNamesInText(f *testing.F) {
	for _, text := range []string{"", everything, "include 'x", "cert_file:", "a//b\n#", "\"'\"'", "include \"\"", "x: 'a'b: \"c\" include d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, file := range namedIn(text, os.TempDir()) {
			if !filepath.IsAbs(file.Path) {
				t.Errorf("%q names %q", text, file.Path)
			}
		}
	})
}
