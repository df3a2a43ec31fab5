package watch

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/task"
)

// certificate writes a new certificate and its key.
func certificate(t *testing.T, certPath, keyPath string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(t, err)
	raw, err := x509.MarshalECPrivateKey(private)
	must(t, err)
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})
	if certPath != "" {
		put(t, certPath, string(cert))
		put(t, keyPath, string(key))
	}
	return cert, key
}

// listed gives files as "path kind", below dir and sorted.
func listed(t *testing.T, dir string, files []File) string {
	t.Helper()
	var out []string
	for _, f := range files {
		if !filepath.IsAbs(f.Path) {
			t.Errorf("%s is not absolute", f.Path)
		}
		rel, err := filepath.Rel(dir, f.Path)
		must(t, err)
		out = append(out, filepath.ToSlash(rel)+" "+f.Kind.String())
	}
	return strings.Join(out, "\n")
}

const everything = `
include "more/main.conf"
include "users/*.conf"
tls { cert_file: "DIR/tls/cert.pem", key_file: "DIR/tls/key.pem", ca_file: "DIR/tls/ca.pem" }
websocket { port: -1, tls { certs: [ { cert_file: "DIR/ws/cert.pem", key_file: "DIR/ws/key.pem" } ] } }
mqtt { port: -1, tls { cert_file: "DIR/tls/cert.pem", key_file: "DIR/tls/key.pem" } }
server_name: s
jetstream { store_dir: "DIR/js" }
cluster { port: -1, name: c, tls { cert_file: "DIR/tls/cluster.pem", key_file: "DIR/tls/cluster-key.pem", ca_file: "DIR/tls/ca.pem" } }
gateway { name: c, port: -1, tls { cert_file: "DIR/tls/cert.pem", key_file: "DIR/tls/key.pem", ca_file: "DIR/tls/ca.pem" }
  gateways [ { name: d, url: "nats://localhost:1", tls { cert_file: "DIR/tls/gateway.pem", key_file: "DIR/tls/gateway-key.pem" } } ] }
leafnodes { remotes [ { url: "nats://localhost:1", credentials: "DIR/leaf.creds", tls { ca_file: "DIR/tls/leaf-ca.pem" } } ] }
system_account: SYS
accounts { SYS {} }
admin { tokens_file: "DIR/tokens", tls { cert_file: "DIR/tls/admin.pem", key_file: "DIR/tls/admin-key.pem" } }
`

const everyFile = `leaf.creds secrets
more/deep.conf configuration
more/main.conf configuration
nats.conf configuration
tls/admin-key.pem certificates
tls/admin.pem certificates
tls/ca.pem certificates
tls/cert.pem certificates
tls/cluster-key.pem certificates
tls/cluster.pem certificates
tls/gateway-key.pem certificates
tls/gateway.pem certificates
tls/key.pem certificates
tls/leaf-ca.pem certificates
tokens secrets
users/*.conf configuration
users/a.conf configuration
ws/cert.pem certificates
ws/key.pem certificates`

func TestFilesOfAConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(p string) string { return filepath.Join(dir, p) }
	for _, d := range []string{"more", "users", "tls", "ws"} {
		must(t, os.Mkdir(at(d), 0o755))
	}
	for _, name := range []string{"tls/%s.pem cert key", "tls/%s.pem cluster cluster-key", "tls/%s.pem gateway gateway-key", "tls/%s.pem admin admin-key", "ws/%s.pem cert key", "tls/%s.pem ca ca-key", "tls/%s.pem leaf-ca leaf-ca-key"} {
		f := strings.Fields(name)
		certificate(t, at(fmt.Sprintf(f[0], f[1])), at(fmt.Sprintf(f[0], f[2])))
	}
	put(t, at("tokens"), "")
	put(t, at("leaf.creds"), "")
	put(t, at("more/main.conf"), "include deep.conf\n")
	put(t, at("more/deep.conf"), "max_payload: 1MB\n")
	put(t, at("users/a.conf"), "ping_max: 3\n")
	text := strings.ReplaceAll(everything, "DIR", dir)
	put(t, at("nats.conf"), text)
	o, r := config.Load(config.Source{Path: at("nats.conf")})
	if o == nil {
		t.Fatal(r.Err())
	}
	files := Files(o)
	if got := listed(t, dir, files); got != everyFile {
		t.Errorf("files:\n%s\nwant:\n%s", got, everyFile)
	}
	for _, f := range files {
		if f.Glob != strings.Contains(f.Path, "*") {
			t.Errorf("%+v", f)
		}
	}

	// What the text names now counts too, whatever is wrong with it.
	put(t, at("nats.conf"), text+`
include "absent.conf"
Include 'users2/*.conf' # a directory that is not there
include more/broken.conf
authorization { token_file: "`+at("token")+`" }
accounts { A { users: [ } }
`)
	put(t, at("more/broken.conf"), "include 'absent too.conf'\ntls { cert_file: /new/cert.pem\n")
	if o, _ := config.Load(config.Source{Path: at("nats.conf")}); o != nil {
		t.Fatal("a broken configuration is loaded")
	}
	got := listed(t, dir, Files(o))
	for _, want := range append(strings.Split(everyFile, "\n"), "absent.conf configuration", "users2/*.conf configuration", "more/broken.conf configuration", "more/absent too.conf configuration", "token secrets") {
		if !strings.Contains("\n"+got+"\n", "\n"+want+"\n") {
			t.Errorf("no %q among\n%s", want, got)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := filepath.Join(dir, "nats.conf")
	put(t, filepath.Join(dir, "password"), "secret")
	put(t, conf, "authorization { user: u, password_file: '"+filepath.Join(dir, "password")+"' }\n")
	o, r := config.Load(config.Source{Path: conf})
	if o == nil {
		t.Fatal(r.Err())
	}
	put(t, conf, "authorization { token_file: '"+filepath.Join(dir, "token")+"' }\n")
	want := "nats.conf configuration\npassword secrets\ntoken secrets"
	if got := listed(t, dir, Files(o)); got != want {
		t.Errorf("files:\n%s\nwant:\n%s", got, want)
	}
}

func TestFilesWithoutAConfigurationFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate(t, filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem"))
	o, r := config.Load(config.Source{Flags: []config.Flag{
		{Name: "--tlscert", Key: "tls.cert_file", Value: filepath.Join(dir, "c.pem")}, {Name: "--tlskey", Key: "tls.key_file", Value: filepath.Join(dir, "k.pem")},
	}})
	if o == nil {
		t.Fatal(r.Err())
	}
	if got, want := listed(t, dir, Files(o)), "c.pem certificates\nk.pem certificates"; got != want {
		t.Errorf("files:\n%s\nwant:\n%s", got, want)
	}
	must(t, os.Remove(filepath.Join(dir, "c.pem")))
	if got := Files(&config.Options{ConfigFile: filepath.Join(dir, "none.conf")}); listed(t, dir, got) != "none.conf configuration" {
		t.Errorf("files of a missing configuration: %v", got)
	}
}

func TestOperatorFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := &config.Options{Values: map[string]config.Value{"operator": {Value: []string{filepath.Join(dir, "op.jwt"), "eyJhbGciOi"}}}}
	if got := listed(t, dir, Files(o)); got != "op.jwt secrets" {
		t.Errorf("files: %s", got)
	}
}

// whole is a watcher that loads the real configuration.
type whole struct {
	t     *testing.T
	dir   string
	w     *Watcher
	calls chan string
	last  *config.Options
}

func watchConfig(t *testing.T, prepare func(dir string)) *whole {
	t.Helper()
	dir := t.TempDir()
	prepare(dir)
	src := config.Source{Path: filepath.Join(dir, "nats.conf")}
	o, r := config.Load(src)
	if o == nil {
		t.Fatal(r.Err())
	}
	w := &whole{t: t, dir: dir, calls: make(chan string, 100), last: o}
	w.w = New(Config{Files: func() []File { return Files(w.last) }, Settings: standard, Changed: func(_ context.Context, c Change) error {
		next, r := config.Load(src)
		if next == nil {
			w.calls <- "refused " + brief(c.Files)
			return r.Err()
		}
		w.last = next
		w.calls <- "loaded " + brief(c.Files)
		return nil
	}})
	tasks := task.New(context.Background(), nil)
	w.w.Start(tasks)
	t.Cleanup(func() { tasks.Stop(); tasks.Wait() })
	for w.w.State().Mode == Off {
		time.Sleep(time.Millisecond)
	}
	return w
}

func (w *whole) put(p, text string) { put(w.t, filepath.Join(w.dir, p), text) }

func (w *whole) want(call string) {
	w.t.Helper()
	select {
	case got := <-w.calls:
		if got != call {
			w.t.Errorf("call %q, want %q", got, call)
		}
	case <-time.After(20 * time.Second):
		w.t.Fatalf("no call, want %q; state %+v", call, w.w.State())
	}
	// The answer is taken after it was given.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		st := w.w.State()
		if refused := strings.HasPrefix(call, "refused"); (st.LastError != "") == refused && (len(st.Pending) > 0) == refused {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("state after %q: %+v", call, st)
		}
	}
}

func TestIncludesComeAndGo(t *testing.T) {
	t.Parallel()
	w := watchConfig(t, func(dir string) {
		put(t, filepath.Join(dir, "nats.conf"), "port: -1\n")
		must(t, os.Mkdir(filepath.Join(dir, "conf.d"), 0o755))
	})
	w.put("nats.conf", "port: -1\ninclude more.conf\n")
	w.want("refused nats.conf:configuration")
	w.put("more.conf", "max_payload: wrong\n") // the missing include
	w.want("refused more.conf:configuration nats.conf:configuration")
	w.put("more.conf", "max_payload: 1MB\n")
	w.want("loaded more.conf:configuration nats.conf:configuration")
	w.put("more.conf", "max_payload: 2MB\n")
	w.want("loaded more.conf:configuration")
	w.put("nats.conf", "port: -1\ninclude conf.d/*.conf\n")
	w.want("loaded nats.conf:configuration")
	w.put("more.conf", "no more of interest\n")
	w.put("conf.d/a.conf", "ping_max: 3\n")
	w.want("loaded a.conf:configuration")
	w.put("conf.d/b.conf", "ping_max: wrong\n")
	w.want("refused b.conf:configuration")
	must(t, os.Remove(filepath.Join(w.dir, "conf.d/b.conf")))
	for w.w.State().LastError != "" { // all is as it was
		time.Sleep(time.Millisecond)
	}
	w.put("conf.d/a.conf", "ping_max: 4\n")
	w.want("loaded a.conf:configuration")
	if w.last.Limits.PingMax != 4 {
		t.Errorf("ping_max = %d", w.last.Limits.PingMax)
	}
}

func TestCertificatesAreExchanged(t *testing.T) {
	t.Parallel()
	var certPath, keyPath string
	w := watchConfig(t, func(dir string) {
		certPath, keyPath = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		certificate(t, certPath, keyPath)
		put(t, filepath.Join(dir, "nats.conf"), fmt.Sprintf("port: -1\ntls { cert_file: %q, key_file: %q }\n", certPath, keyPath))
	})
	cert, key := certificate(t, "", "")
	w.put("cert.pem", string(cert))
	w.want("refused cert.pem:certificates")
	w.put("key.pem", string(key))
	w.want("loaded cert.pem:certificates key.pem:certificates")

	// The key first, in two halves.
	cert, key = certificate(t, "", "")
	w.put("key.pem", string(key[:len(key)/2]))
	w.want("refused key.pem:certificates")
	w.put("key.pem", string(key))
	w.want("refused key.pem:certificates")
	w.put("cert.pem", string(cert))
	w.want("loaded cert.pem:certificates key.pem:certificates")

	// Both at once, by rename.
	certificate(t, certPath+".new", keyPath+".new")
	must(t, os.Rename(certPath+".new", certPath))
	must(t, os.Rename(keyPath+".new", keyPath))
	w.want("loaded cert.pem:certificates key.pem:certificates")
}

// The text of a configuration with many users is looked through after every load.
func BenchmarkFiles(b *testing.B) {
	var text strings.Builder
	text.WriteString("port: -1\naccounts { A { users [\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "{ user: user%d, password: secret, permissions { publish: \"a.%d.>\", subscribe: [\"b.%d\", \"_INBOX.>\"] } }\n", i, i, i)
	}
	text.WriteString("] } }\n")
	path := filepath.Join(b.TempDir(), "nats.conf")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	o := &config.Options{ConfigFile: path}
	for b.Loop() {
		Files(o)
	}
}
