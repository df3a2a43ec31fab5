package config

import (
	"strings"

	"natsd/internal/perm"
)

// A load can take over what it would read again from the one before. That is worth the trouble for
// users alone: there can be many thousands, and a reload is mostly about one of them. What counts is the
// text: a user whose block stands in the file as it stood before, letter by letter, is who he was.

// knownUsers collects the users of an earlier configuration by the text of their blocks.
func knownUsers(last *Options) map[string]*User {
	if last == nil {
		return nil
	}
	out := make(map[string]*User, len(last.Authorization.Users))
	for u := range last.eachUser {
		if u.text != nil {
			out[*u.text] = u
		}
	}
	return out
}

// said counts what there is about a configuration beside its values. A text that adds to it has to be
// read each time.
func (d *decoder) said() int { return len(d.list) + len(d.refusals) + len(d.archive.sides) }

// isUser tells that the blocks of an array are users, and that their keys mean nothing beyond them.
func (n *node) isUser() bool {
	return (n.path == "authorization.users[]" || n.path == "accounts.*.users[]") && !n.hasPending()
}

func (n *node) hasPending() bool {
	for _, c := range n.children {
		if c.key.Pending != "" || c.hasPending() {
			return true
		}
	}
	return false
}

// fill reads the entries of an element of an array.
func (b *block) fill() {
	before := b.d.said()
	b.d.table(b, b.src.Map)
	if b.d.said() == before && b.node.isUser() {
		b.text = b.src.Raw
	}
}

// knownUser returns the user of a block that an earlier load has read, as he is now.
func (b *block) knownUser(account string, defaults *perm.Rules, set *perm.Set, maxCost int) (User, bool) {
	if b.known == nil {
		return User{}, false
	}
	if b.d.src.Last.Authorization.BcryptMaxCost != maxCost {
		b.fill()
		return User{}, false
	}
	u := *b.known
	u.Account, u.Pos = account, b.pos
	if u.inherits {
		u.Permissions, u.Perms = defaults, set
	}
	return u, true
}

// own makes the strings of a user his own: he may outlive the text that they are part of.
func (u *User) own() {
	u.Name, u.Password, u.NKey = strings.Clone(u.Name), Secret(strings.Clone(string(u.Password))), strings.Clone(u.NKey)
	ownAll(u.ConnectionTypes)
}

func ownAll(list []string) {
	for i, s := range list {
		list[i] = strings.Clone(s)
	}
}
