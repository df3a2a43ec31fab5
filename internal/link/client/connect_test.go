package client

import (
	"strings"
	"testing"
)

func TestParseConnect(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, maxJSONDepth+1) + "1" + strings.Repeat("}", maxJSONDepth+1)
	for text, want := range map[string]*connectOptions{
		`{}`:                             &defaultOptions,
		`{"unknown":[1,{"x":"}"}]}`:      &defaultOptions,
		`{"echo":false,"Verbose":false}`: {Pedantic: true},
		`{"user":"a","pass":"b","auth_token":"c","nkey":"d","sig":"e","jwt":"f","proxy_sig":"g"}`: {
			Verbose: true, Pedantic: true, Echo: true,
			User: "a", Pass: "b", Token: "c", NKey: "d", Sig: "e", JWT: "f", ProxySig: "g",
		},
		`{"protocol":-1}`:    {Verbose: true, Pedantic: true, Echo: true, Protocol: -1},
		"":                   nil,
		"{":                  nil,
		`{"protocol":1e99}`:  nil,
		`{"protocol":"1"}`:   nil,
		`{"verbose":"true"}`: nil,
		`{"user":1}`:         nil,
		`[]`:                 nil,
		`{} {}`:              nil,
		deep:                 nil,
	} {
		o := defaultOptions
		err := o.parse([]byte(text))
		if (err == nil) != (want != nil) || want != nil && o != *want {
			t.Errorf("parse %.80s: %+v, %v, want %+v", text, o, err, want)
		}
	}
}

// A second CONNECT changes what it names.
func TestParseKeepsWhatIsAbsent(t *testing.T) {
	t.Parallel()
	o := defaultOptions
	for _, text := range []string{`{"name":"a","verbose":false}`, `{"lang":"b","echo":false}`} {
		if err := o.parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if want := (connectOptions{Pedantic: true, Name: "a", Lang: "b"}); o != want {
		t.Errorf("got %+v, want %+v", o, want)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const gone = `"[REDACTED]"`
	for text, want := range map[string]string{
		`{}`:                                   `{}`,
		`{"user":"u","pass":"s3cr3t"}`:         `{"user":"u","pass":` + gone + `}`,
		`{ "PASS" : "s3cr3t" , "a":1 }`:        `{ "PASS" : ` + gone + ` , "a":` + gone + ` }`,
		`{"p\u0061ss":"s3cr3t"}`:               `{"p\u0061ss":` + gone + `}`,
		`{"paſſ":"s3cr3t"}`:                    "{\"paſſ\":" + gone + `}`,
		`{"password":"s3cr3t"}`:                `{"password":` + gone + `}`,
		`{"pass":{"x":["s3cr3t"]},"name":"n"}`: `{"pass":` + gone + `,"name":"n"}`,
		`{"pass":"s3\"cr3t","sig":"s3cr3t","jwt":"s3cr3t","auth_token":"s3cr3t","proxy_sig":"s3cr3t"}`: `{"pass":` + gone + `,"sig":` + gone +
			`,"jwt":` + gone + `,"auth_token":` + gone + `,"proxy_sig":` + gone + `}`,
		`{"pass":"my s3cr3t`:                malformed,
		`{"pass":"my"} s3cr3t`:              malformed,
		`"s3cr3t"`:                          malformed,
		`{"name":"\ud800","pass":"s3cr3t"}`: `{"name":"\ud800","pass":` + gone + `}`,
		``:                                  malformed,
	} {
		if got := redact([]byte(text)); got != want {
			t.Errorf("redact %s: %s, want %s", text, got, want)
		}
	}
}

// FuzzConnect: whatever comes, parsing does not panic, and what is shown of it parses to the same
// without the secrets.
func FuzzConnect(f *testing.F) {
	for _, text := range []string{
		`{"verbose":true,"pedantic":false,"user":"u","pass":"p","auth_token":"t","nkey":"n","sig":"s","jwt":"j","proxy_sig":"x"}`,
		`{"PASS":"a","pass":"b","p\u0061ss":null,"echo":false,"protocol":1,"name":"\u0000"}`,
		`{"paſſ":"x"}`, `{"a":[[[]]],"pass":{}}`, "{", `{"pass":"`, `[{"pass":"x"}]`, `null`, ` { } `, "\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o := defaultOptions
		err := o.parse(text)
		shown := redact(text)
		if err != nil || shown == malformed {
			return
		}
		r := defaultOptions
		if err := r.parse([]byte(shown)); err != nil {
			t.Fatalf("%s is shown as %s: %v", text, shown, err)
		}
		for _, secret := range []*string{&r.Pass, &r.Token, &r.Sig, &r.JWT, &r.ProxySig} {
			if *secret != "" && *secret != "[REDACTED]" {
				t.Fatalf("%s is shown as %s", text, shown)
			}
			*secret = ""
		}
		o.Pass, o.Token, o.Sig, o.JWT, o.ProxySig = "", "", "", "", ""
		if o != r {
			t.Fatalf("%s is shown as %s", text, shown)
		}
	})
}
