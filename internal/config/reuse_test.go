package config

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// randomUsers is a configuration of users, in which little changes from one to the next.
func randomUsers(r *rand.Rand, dir string) string {
	var b strings.Builder
	b.WriteString(strings.Repeat("# moved\n", r.IntN(3)))
	fmt.Fprintf(&b, "bcrypt_max_cost: %d\nP: secret%d\n", 11-r.IntN(10)/9, r.IntN(2))
	user := func(i int) {
		forms := []string{
			"{ user: u%d, password: p }",
			"{ user: u%d, password: $P }",
			"{ user: u%d, password: \"$2a$04$QIPfuhKEjVVbPdvVoUUvvOKaJPzqDIbsrJdPdsQNpwnYhYaNBzxsK\" }", // a warning
			"{ user: u%d, password: \"$2a$11$/wrOmQOjxaYumdkoxZLitO.v0lGSypXWZTqTqNxgqjISEo4ZDcaZa\" }", // too dear at times
			"{ user: u%d, password_file: '" + dir + "/pw' }",
			"{ user: u%d, password: p, permissions { publish: [a, \"b.>\"], subscribe { deny: c } } }",
			"{ user: u%d, password: p, permissions { publish: \"a..b\" } }", // an error
			"{ user: u%d, password: p, password: q, allowed_connection_types: [STANDARD, mqtt] }",
			"{ user: u%d, password: p, proxy_required: true, x: 1 }", // another
			"{ user: u%d, password: p, permissions { } }",
		}
		form := forms[i%6]
		if r.IntN(20) == 0 {
			form = forms[r.IntN(len(forms))]
		}
		fmt.Fprintf(&b, "    "+form+",\n", i)
	}
	defaults := func() {
		if r.IntN(3) > 0 {
			fmt.Fprintf(&b, "  default_permissions { publish: d%d }\n", r.IntN(3))
		}
	}
	order := r.Perm(12)
	b.WriteString("authorization {\n")
	defaults()
	b.WriteString("  users: [\n")
	for _, i := range order[:4] {
		user(i)
	}
	b.WriteString("  ]\n}\naccounts {\n  A {\n")
	defaults()
	b.WriteString("  users: [\n")
	for _, i := range order[4:8] {
		user(i)
	}
	b.WriteString("  ]}\n  B { users: [\n")
	for _, i := range order[8:] {
		user(i)
	}
	b.WriteString("  ]}\n}\n")
	return b.String()
}

// TestReuse: a load that can go by an earlier one gives what it would give without it, and what it says.
func TestReuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, reused := filepath.Join(dir, "natsd.conf"), 0
	var last *Options
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		for name, text := range map[string]string{"natsd.conf": randomUsers(r, dir), "pw": fmt.Sprintf("pw%d", r.IntN(2))} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, wantReport := Load(Source{Path: path})
		got, gotReport := Load(Source{Path: path, Last: last})
		if diff := cmp.Diff(wantReport.Problems, gotReport.Problems); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if (want == nil) != (got == nil) {
			t.Fatalf("seed %d: one of the two failed", seed)
		}
		if want == nil {
			continue
		}
		if a, b := plainOptions(want), plainOptions(got); !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d: %s", seed, cmp.Diff(fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)))
		}
		for _, u := range got.allUsers() {
			for _, w := range last.usersOrNone() {
				if u.text != nil && u.Perms != nil && u.Perms == w.Perms {
					reused++
				}
			}
		}
		last = got
	}
	if reused < 100 {
		t.Errorf("only %d users with permissions were taken over", reused)
	}
}

func (o *Options) usersOrNone() []User {
	if o == nil {
		return nil
	}
	return o.allUsers()
}

// plainOptions is what two loads of the same must have in common.
func plainOptions(o *Options) Options {
	plain := *o
	plain.LoadedAt, plain.Archive = time.Time{}, nil
	return plain
}

// TestReuseKeepsNoText: users that are taken over again and again hold nothing of the texts that they
// once stood in.
func TestReuseKeepsNoText(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "natsd.conf")
	text := func(i int) string {
		return fmt.Sprintf("server_name: s%d\nauthorization { users: [ { user: ann, password: pass, "+
			"allowed_connection_types: [STANDARD], permissions { publish: [\"one.two\"], subscribe { allow: three, deny: [four] } } } ] }\n", i)
	}
	var last *Options
	var first string
	for i := range 2 {
		if err := os.WriteFile(path, []byte(text(i)), 0o600); err != nil {
			t.Fatal(err)
		}
		o, report := Load(Source{Path: path, Last: last})
		if o == nil {
			t.Fatal(report.Err())
		}
		if last == nil {
			first = o.Archive.Text().Reveal()
		}
		last = o
	}
	begin := uintptr(unsafe.Pointer(unsafe.StringData(first)))
	found := 0
	eachString(reflect.ValueOf(last.Authorization.Users), map[uintptr]bool{}, func(s string) {
		found++
		if at := uintptr(unsafe.Pointer(unsafe.StringData(s))); s != "" && at >= begin && at < begin+uintptr(len(first)) {
			t.Errorf("%q is part of the first text", s)
		}
	})
	if found < 8 {
		t.Errorf("looked at %d strings only", found)
	}
}

// eachString visits all strings below a value, unexported ones too.
func eachString(v reflect.Value, seen map[uintptr]bool, visit func(string)) {
	switch v.Kind() {
	case reflect.String:
		visit(v.String())
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			eachString(v.Elem(), seen, visit)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			eachString(field, seen, visit)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			eachString(v.Index(i), seen, visit)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			eachString(it.Key(), seen, visit)
			eachString(it.Value(), seen, visit)
		}
	default:
	}
}
