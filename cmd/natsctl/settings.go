package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"natsd/internal/ctl/contexts"
	"natsd/internal/ctl/output"
)

// settings is what all commands heed. A flag beats the environment, that beats the context.
type settings struct {
	context string
	servers []string
	token   string
	tls     *tls.Config
	format  output.Format
	fields  []string
	timeout time.Duration
	watch   time.Duration // 0: once
	color   string

	noHeaders, insecure, compat, dryRun, yes, quiet, verbose bool
}

// The names of the settings: of their flags, and with NATSCTL_ in front of their variables.
const (
	setContext   = "context"
	setServer    = "server"
	setToken     = "token"
	setTokenFile = "token-file"
	setTLSCA     = "tls-ca"
	setTLSCert   = "tls-cert"
	setTLSKey    = "tls-key"
	setInsecure  = "insecure"
	setOutput    = "output"
	setFields    = "fields"
	setNoHeaders = "no-headers"
	setWatch     = "watch"
	setTimeout   = "timeout"
	setDryRun    = "dry-run"
	setYes       = "yes"
	setQuiet     = "quiet"
	setVerbose   = "verbose"
	setColor     = "color"
	setCompat    = "compat"
)

// fromEnv lists the settings that the environment may give. What asks for consent is none of them.
var fromEnv = []string{
	setContext, setServer, setToken, setTokenFile, setTLSCA, setTLSCert, setTLSKey, setInsecure, setOutput, setTimeout, setColor, setCompat,
}

const defaultWatch = "2s"

func addGlobalFlags(fs *pflag.FlagSet) {
	fs.String(setContext, "", "named server to talk to (see natsctl context)")
	fs.StringSliceP(setServer, "s", nil, "address: unix:///path, http://host:port or https://host:port;\nmay be given several times")
	fs.String(setToken, "", "token for the admin API; better --token-file or NATSCTL_TOKEN,\nas others see the command line")
	fs.String(setTokenFile, "", "file that holds the token")
	fs.String(setTLSCA, "", "file with the authorities that are trusted")
	fs.String(setTLSCert, "", "file with the certificate to show")
	fs.String(setTLSKey, "", "file with the key of that certificate")
	fs.Bool(setInsecure, false, "do not check the server's certificate")
	fs.StringP(setOutput, "o", output.Table, "form of the answer: "+strings.Join(output.Formats(), " "))
	fs.StringSlice(setFields, nil, "only these fields")
	fs.Bool(setNoHeaders, false, "no line with the titles of columns")
	fs.String(setWatch, "", "show again and again, every 2s or as given")
	fs.Lookup(setWatch).NoOptDefVal = defaultWatch
	fs.Duration(setTimeout, 10*time.Second, "how long an answer may take")
	fs.Bool(setDryRun, false, "only say what would happen")
	fs.BoolP(setYes, "y", false, "do not ask")
	fs.BoolP(setQuiet, "q", false, "say nothing beside the answer")
	fs.BoolP(setVerbose, "v", false, "say more")
	fs.String(setColor, "auto", "auto, always or never")
	fs.Bool(setCompat, false, "talk to a monitoring port, also that of a nats-server")
}

// resolve reads the settings from the flags, the environment and the context.
func (a *app) resolve(fs *pflag.FlagSet) error {
	v := viper.New()
	v.SetEnvPrefix(strings.ToUpper(name))
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	if err := v.BindPFlags(fs); err != nil {
		return fmt.Errorf("bind the flags: %w", err)
	}
	for _, key := range fromEnv {
		if err := v.BindEnv(key); err != nil {
			return fmt.Errorf("bind the environment: %w", err)
		}
	}
	if err := a.addContext(v); err != nil {
		return err
	}
	return a.set.read(v)
}

// addContext adds the layer of the context that is named, or of the current one. A server that is named
// outright has nothing to do with the current context.
func (a *app) addContext(v *viper.Viper) error {
	path, err := a.file()
	if err != nil {
		return nil //nolint:nilerr // without a home there are no contexts
	}
	if a.contexts, err = contexts.Load(path); err != nil {
		return err
	}
	chosen := v.GetString(setContext)
	if chosen == "" {
		if chosen = a.contexts.Current; chosen == "" || len(v.GetStringSlice(setServer)) > 0 {
			return nil
		}
	}
	c, ok := a.contexts.Get(chosen)
	if !ok {
		return usage("there is no context %q: see natsctl context list", chosen)
	}
	a.set.context = chosen
	return v.MergeConfigMap(c.Settings())
}

func (s *settings) read(v *viper.Viper) (err error) {
	s.servers = v.GetStringSlice(setServer)
	s.fields = v.GetStringSlice(setFields)
	s.noHeaders, s.insecure, s.compat, s.dryRun = v.GetBool(setNoHeaders), v.GetBool(setInsecure), v.GetBool(setCompat), v.GetBool(setDryRun)
	s.yes, s.quiet, s.verbose = v.GetBool(setYes), v.GetBool(setQuiet), v.GetBool(setVerbose)
	if s.timeout = v.GetDuration(setTimeout); s.timeout < 0 {
		return usage("--timeout is negative")
	}
	if text := v.GetString(setWatch); text != "" {
		if s.watch, err = time.ParseDuration(text); err != nil || s.watch < 100*time.Millisecond {
			return usage("--watch: %q is no interval of 100ms or more", text)
		}
	}
	if s.format, err = output.ParseFormat(v.GetString(setOutput)); err != nil {
		return usage("%s", err)
	}
	if s.color = v.GetString(setColor); !slices.Contains([]string{"auto", "always", "never"}, s.color) {
		return usage("--color: %q is none of auto, always, never", s.color)
	}
	if s.token, err = readToken(v.GetString(setToken), v.GetString(setTokenFile)); err != nil {
		return err
	}
	s.tls, err = readTLS(v)
	return err
}

// readToken returns the token as given, or the first line of the file.
func readToken(token, file string) (string, error) {
	if token != "" || file == "" {
		return token, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if token = strings.TrimSpace(line); token == "" {
		return "", fmt.Errorf("%s holds no token", file)
	}
	return token, nil
}

func readTLS(v *viper.Viper) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if v.GetBool(setInsecure) {
		c.InsecureSkipVerify = true //nolint:gosec // the operator asked for it by a flag that says so
	}
	if file := v.GetString(setTLSCA); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the authorities: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
	}
	cert, key := v.GetString(setTLSCert), v.GetString(setTLSKey)
	switch {
	case cert == "" && key == "":
		return c, nil
	case cert == "" || key == "":
		return nil, usage("--tls-cert and --tls-key belong together")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, errors.New("the certificate and its key cannot be loaded: " + err.Error())
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// colored tells that colours are to be used on a stream.
func (s *settings) colored(stream any) bool {
	switch s.color {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(stream)
}
