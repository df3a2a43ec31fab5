package watch

import (
	"path/filepath"
	"slices"
	"strings"

	"natsd/internal/config"
)

// Files lists the files that a configuration was made of, and those that its text names as it stands on
// disk now: when that was refused for a mistake in a new include or certificate, mending the mistake
// must count as a change. Relative paths start in the working directory of the process.
func Files(o *config.Options) []File {
	var c collection
	if o.ConfigFile != "" {
		c.add(Configuration, o.ConfigFile)
		c.add(Configuration, o.Files...)
		c.text(o.ConfigFile)
	}
	c.options(o)
	slices.SortFunc(c.files, compare)
	return slices.Compact(c.files)
}

// collection gathers files.
type collection struct{ files []File }

func (c *collection) add(kind Kind, paths ...string) {
	for _, path := range paths {
		if path != "" {
			c.files = append(c.files, File{Path: absolute(path), Kind: kind})
		}
	}
}

func absolute(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	return full
}

// options adds what the values name, wherever they come from.
func (c *collection) options(o *config.Options) {
	c.tls(o.TLS, o.Admin.TLS)
	if o.Websocket != nil {
		c.tls(o.Websocket.TLS)
	}
	if o.MQTT != nil {
		c.tls(o.MQTT.TLS)
	}
	if o.Cluster != nil {
		c.tls(o.Cluster.TLS)
	}
	if o.Gateway != nil {
		c.tls(o.Gateway.TLS)
		for _, r := range o.Gateway.Remotes {
			c.tls(r.TLS)
		}
	}
	if o.Leafnodes != nil {
		c.tls(o.Leafnodes.TLS)
		for _, r := range o.Leafnodes.Remotes {
			c.tls(r.TLS)
			c.add(Secrets, r.Credentials)
		}
	}
	if o.Operator != nil && o.Operator.Resolver != nil {
		c.tls(o.Operator.Resolver.TLS)
	}
	if o.JetStream != nil && o.JetStream.TPM != nil {
		c.add(Secrets, o.JetStream.TPM.KeysFile)
	}
	c.add(Secrets, o.Admin.TokensFile)
	for _, key := range []string{"authorization.password_file", "authorization.token_file"} {
		path, _ := o.Values[key].Value.(string)
		c.add(Secrets, path)
	}
	operators, _ := o.Values["operator"].Value.([]string)
	c.operators(operators)
}

func (c *collection) tls(blocks ...*config.TLS) {
	for _, t := range blocks {
		if t != nil {
			c.add(Certificates, t.CertFile, t.KeyFile, t.CAFile)
		}
	}
}

// operators adds those entries that name a file: the others are the JWT itself.
func (c *collection) operators(entries []string) {
	for _, entry := range entries {
		if !strings.HasPrefix(entry, "eyJ") {
			c.add(Secrets, entry)
		}
	}
}
