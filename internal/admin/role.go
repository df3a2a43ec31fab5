package admin

import (
	"slices"

	"natsd/internal/admin/api"
)

// role is what somebody may do. A greater role may do all that a lesser one may.
type role uint8

const (
	none role = iota
	viewer
	operator
	admin
)

var roleNames = [...]string{api.RoleNone, api.RoleViewer, api.RoleOperator, api.RoleAdmin}

func (r role) String() string { return roleNames[r] }

// roleOf reads the word of the configuration; an unknown one may do nothing.
func roleOf(name string) role { return role(max(0, slices.Index(roleNames[:], name))) }
