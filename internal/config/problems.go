package config

import (
	"fmt"

	"natsd/internal/config/syntax"
)

// problems collects what is wrong while one configuration is read.
type problems struct {
	list []syntax.Problem
}

func (p *problems) add(pos Pos, key, hint string, warning bool, format string, args ...any) {
	p.list = append(p.list, syntax.Problem{Pos: pos, Key: key, Hint: hint, Warning: warning, Message: fmt.Sprintf(format, args...)})
}

func (p *problems) errorAt(pos Pos, key, format string, args ...any) {
	p.add(pos, key, "", false, format, args...)
}

func (p *problems) warnAt(pos Pos, key, format string, args ...any) {
	p.add(pos, key, "", true, format, args...)
}

func isError(p syntax.Problem) bool { return !p.Warning }
