package client

import (
	"encoding/json"
	"reflect"
	"testing"

	"natsd/internal/wire"
)

// What the quick way reads, package json reads to the same.
func FuzzConnectPlain(f *testing.F) {
	for _, text := range []string{
		`{}`, `{ "verbose":true , "name" : "a b" }`, `{"protocol":1,"echo":false}`, `{"protocol":12}`, `{"Verbose":true}`,
		`{"user":"a","pass":"b\"c","name":null}`, `{"verbose":true,}`, `{"verbose":truefalse}`, `{} {}`, "{\"name\":\"\x01\"}", `{"name":"é"}`,
		`{"verbose":true,"verbose":false,"tls_required":1}`, `{"sig":"AbC_-09","jwt":"x.y.z","auth_token":"<&>"}`, "\v{}", "\u00a0{}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plain, whole := defaultOptions, defaultOptions
		if !plain.parsePlain(text) {
			return
		}
		if err := whole.parseAny(text); err != nil || plain != whole {
			t.Errorf("%q: %+v, package json %+v, %v", text, plain, whole, err)
		}
	})
}

// What clients send goes the quick way.
func TestParsePlain(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"verbose":false,"pedantic":false,"tls_required":false,"name":"","lang":"go","version":"1.48.0","protocol":1,"echo":true,"headers":true,"no_responders":true}`,
		`{"verbose": false, "pedantic": false, "lang": "python3", "version": "2.9.0", "protocol": 1, "user": "a", "pass": "b", "headers": true, "no_responders": true, "echo": true}`,
		`{"nkey":"UABC","sig":"x-_","jwt":"a.b.c","auth_token":"t"} `,
	} {
		o := defaultOptions
		if !o.parsePlain([]byte(text)) {
			t.Errorf("not plain: %s", text)
		}
	}
}

// INFO is what package json makes of the fields and their tags, whatever they hold.
func TestInfoLine(t *testing.T) {
	t.Parallel()
	var full Info
	v := reflect.ValueOf(&full).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("v<\"é\n" + v.Type().Field(i).Name)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int:
			f.SetInt(int64(-i))
		case reflect.Uint64:
			f.SetUint(1 << 63)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"a:1", "b\\:2", ""}))
		default:
			t.Fatalf("a field of kind %v, which this test does not know", f.Kind())
		}
	}
	for _, i := range []*Info{{}, &full, {ServerName: "plain", Port: 4222, Headers: true, ConnectURLs: []string{"one"}}} {
		text, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(i.line()), string(wire.AppendInfo(nil, text)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
