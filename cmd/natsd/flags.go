package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

func addFlags(fs *pflag.FlagSet) {
	fs.SortFlags = false
	for _, g := range optionGroups() {
		for _, o := range g.options {
			switch o.kind {
			case boolean:
				fs.Bool(o.name, false, o.help)
			case number:
				fs.Int(o.name, 0, o.help)
			case text:
				fs.String(o.name, "", o.help)
			}
		}
	}
}

// flagError puts pflag's errors into words that name the flag and not the parser.
func flagError(err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return usageError{"unknown flag: --" + unknown.GetSpecifiedName()}
	case errors.As(err, &missing):
		return usageError{"flag needs an argument: --" + missing.GetSpecifiedName()}
	case errors.As(err, &invalid):
		want := "a whole number"
		if invalid.GetFlag().Value.Type() == "bool" {
			want = "true or false"
		}
		return usageError{fmt.Sprintf("invalid value %q for flag --%s: expected %s",
			invalid.GetValue(), invalid.GetFlag().Name, want)}
	default:
		return usageError{err.Error()}
	}
}
