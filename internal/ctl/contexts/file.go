package contexts

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"natsd/internal/staged"
)

// Context is one named server.
type Context struct {
	Name        string `mapstructure:"name" yaml:"name" json:"name"`
	Description string `mapstructure:"description" yaml:"description,omitempty" json:"description,omitempty"`
	Server      string `mapstructure:"server" yaml:"server,omitempty" json:"server,omitempty"`
	Token       string `mapstructure:"token" yaml:"token,omitempty" json:"-"`
	TokenFile   string `mapstructure:"token_file" yaml:"token_file,omitempty" json:"token_file,omitempty"`
	TLSCA       string `mapstructure:"tls_ca" yaml:"tls_ca,omitempty" json:"tls_ca,omitempty"`
	TLSCert     string `mapstructure:"tls_cert" yaml:"tls_cert,omitempty" json:"tls_cert,omitempty"`
	TLSKey      string `mapstructure:"tls_key" yaml:"tls_key,omitempty" json:"tls_key,omitempty"`
	Insecure    bool   `mapstructure:"insecure" yaml:"insecure,omitempty" json:"insecure,omitempty"`
	Compat      bool   `mapstructure:"compat" yaml:"compat,omitempty" json:"compat,omitempty"`
	Timeout     string `mapstructure:"timeout" yaml:"timeout,omitempty" json:"timeout,omitempty"`
	Output      string `mapstructure:"output" yaml:"output,omitempty" json:"output,omitempty"`
}

// Settings returns what the context sets, by the names of the settings of natsctl.
func (c Context) Settings() map[string]any {
	set := map[string]any{}
	for key, value := range map[string]string{
		"token": c.Token, "token-file": c.TokenFile, "tls-ca": c.TLSCA, "tls-cert": c.TLSCert, "tls-key": c.TLSKey,
		"timeout": c.Timeout, "output": c.Output,
	} {
		if value != "" {
			set[key] = value
		}
	}
	if c.Server != "" {
		set["server"] = []string{c.Server}
	}
	if c.Insecure {
		set["insecure"] = true
	}
	if c.Compat {
		set["compat"] = true
	}
	return set
}

// File is the file of all contexts.
type File struct {
	path string

	Current  string    `mapstructure:"current" yaml:"current,omitempty"`
	Contexts []Context `mapstructure:"contexts" yaml:"contexts"`
}

// DefaultPath is where the file of the user is: in the folder that XDG names for configuration.
func DefaultPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for configuration: %w", err)
	}
	return filepath.Join(dir, "natsctl", "contexts.yaml"), nil
}

// Load reads the file; one that does not exist is empty.
func Load(path string) (*File, error) {
	f := &File{path: path}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return nil, fmt.Errorf("read the contexts: %w", err)
	}
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("%s is no YAML", path) // the parser quotes what it stumbles over
	}
	if err := v.UnmarshalExact(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, f.private()
}

// private refuses tokens that others can read.
func (f *File) private() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("read the contexts: %w", err)
	}
	hasToken := slices.ContainsFunc(f.Contexts, func(c Context) bool { return c.Token != "" })
	if hasToken && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s holds a token and others can read it: chmod 600 it", f.path)
	}
	return nil
}

// Get returns the context of that name.
func (f *File) Get(name string) (Context, bool) {
	i := f.index(name)
	if i < 0 {
		return Context{}, false
	}
	return f.Contexts[i], true
}

func (f *File) index(name string) int {
	return slices.IndexFunc(f.Contexts, func(c Context) bool { return c.Name == name })
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]*$`)

// Put adds a context, or replaces the one of the same name. The first one becomes the current one.
func (f *File) Put(c Context) error {
	if !goodName.MatchString(c.Name) {
		return fmt.Errorf("%q is no name for a context: use letters, digits and . _ @ -", c.Name)
	}
	if i := f.index(c.Name); i >= 0 {
		f.Contexts[i] = c
	} else {
		f.Contexts = append(f.Contexts, c)
	}
	if f.Current == "" {
		f.Current = c.Name
	}
	return nil
}

// Remove removes a context. It reports whether there was one.
func (f *File) Remove(name string) bool {
	i := f.index(name)
	if i < 0 {
		return false
	}
	f.Contexts = slices.Delete(f.Contexts, i, i+1)
	if f.Current == name {
		f.Current = ""
	}
	return true
}

// Save writes the file, whole or not at all, for the eyes of its owner.
func (f *File) Save() error {
	text, err := yaml.Marshal(f)
	if err != nil {
		return fmt.Errorf("write the contexts: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return fmt.Errorf("write the contexts: %w", err)
	}
	if err := staged.Write(f.path, text, 0o600); err != nil {
		return fmt.Errorf("write the contexts: %w", err)
	}
	return nil
}
