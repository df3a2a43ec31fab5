package config

import "slices"

// Rule names one entry of the permissions of a user.
type Rule struct {
	Account, User string // name or nkey
	Side          string // "publish" or "subscribe"
	List          string // "allow", "deny" or "allow_responses"
	Index         int    // of the entry; -1 is the list as a whole
}

// PlaceOf returns where a rule stands: at the user, or with the defaults of his account. False when it
// stands nowhere. It costs as much as a load.
func (a *Archive) PlaceOf(r Rule) (Pos, bool) {
	d := &decoder{}
	if _, report := loadWith(d, a.src, a); report.Err() != nil {
		return Pos{}, false
	}
	owner := d.root.block("authorization")
	if r.Account != GlobalAccount {
		i := slices.IndexFunc(d.root.names("accounts"), func(nv namedValue) bool { return nv.Name == r.Account && nv.Block != nil })
		if i < 0 {
			return Pos{}, false
		}
		owner = d.root.names("accounts")[i].Block
	}
	users := owner.list("users")
	i := slices.IndexFunc(users, func(b *block) bool { return b.str("user") == r.User || b.str("nkey") == r.User })
	if i < 0 {
		return Pos{}, false
	}
	rules := users[i].block("permissions")
	if !rules.present {
		rules = owner.block("default_permissions")
	}
	if !rules.present {
		return Pos{}, false
	}
	return r.in(rules), true
}

// in returns the place of the rule in a block of permissions. Where it is a list of its own, as in
// `publish: [a, b]`, that is the allow list.
func (r Rule) in(rules *block) Pos {
	if r.List == "allow_responses" {
		return rules.place("allow_responses")
	}
	list, name := rules, r.Side
	if !rules.good(r.Side) {
		list, name = rules.block(r.Side), r.List
	}
	if r.Index < 0 {
		return list.place(name)
	}
	return elementPos(list, name, r.Index)
}
