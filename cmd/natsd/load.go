package main

import (
	"os"
	"strings"

	"github.com/spf13/pflag"

	"natsd/internal/config"
)

type loadFunc func(config.Source) (*config.Options, *config.Report)

func loadConfig(src config.Source) (*config.Options, *config.Report) { return config.Load(src) }

// environPrefix begins the names of the environment variables that set keys of the configuration.
const environPrefix = "NATSD_"

// source gathers what the configuration is made of: the file, the flags that were given, and the
// environment. A reload reads the same again.
func (p *program) source(fs *pflag.FlagSet) (config.Source, error) {
	list, err := settings(fs)
	if err != nil {
		return config.Source{}, err
	}
	file, _ := fs.GetString(flagConfig)
	src := config.Source{Path: file, Env: os.LookupEnv, Environ: map[string]string{}}
	for _, s := range list {
		src.Flags = append(src.Flags, config.Flag{Name: s.flag, Key: s.key, Value: s.value})
	}
	for _, pair := range p.environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, environPrefix) {
			src.Environ[name] = value
		}
	}
	return src, nil
}
