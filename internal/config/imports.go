package config

import (
	"fmt"
	"slices"
	"strings"

	"natsd/internal/subject"
)

// checkImports looks at exports and imports of all accounts together: named accounts exist, imports
// are granted, and requests do not come back to where they began.
func checkImports(root *block, o *Options) {
	d := root.d
	byName := map[string]*Account{}
	for i := range o.Accounts {
		byName[o.Accounts[i].Name] = &o.Accounts[i]
	}
	for i := range o.Accounts {
		a := &o.Accounts[i]
		for _, e := range a.Exports {
			for _, name := range e.Accounts {
				if byName[name] == nil {
					d.errorAt(e.Pos, "accounts."+a.Name+".exports", "%q account not defined for %s export", name, e.Flow)
				}
			}
		}
		checkAccountImports(d, a, byName)
	}
}

func checkAccountImports(d *decoder, a *Account, byName map[string]*Account) {
	path := "accounts." + a.Name + ".imports"
	for i, im := range a.Imports {
		from := byName[im.Account]
		fail := func(reason string) {
			d.errorAt(im.Pos, path, "Error adding %s import %q: %s", im.Flow, im.Subject, reason)
		}
		switch earlier := repeated(a.Imports[:i], im); {
		case from == nil:
			d.errorAt(im.Pos, path, "%q account not defined for %s import", im.Account, im.Flow)
		case !granted(from, im, a.Name):
			fail(string(im.Flow) + " import not authorized")
		case earlier != nil && im.Flow == ServiceFlow:
			d.errorAt(im.Pos, path, "Duplicate service import subject %q, previously used in import for account %q, subject %q", im.Local, earlier.Account, earlier.Subject)
		case earlier != nil:
			fail("stream import already exists")
		case cyclic(a.Name, im, byName):
			fail("import forms a cycle")
		}
	}
}

// repeated returns an earlier import that im collides with, or nil.
func repeated(earlier []Import, im Import) *Import {
	i := slices.IndexFunc(earlier, func(e Import) bool {
		return e.Flow == im.Flow && e.Account == im.Account && e.Local == im.Local && e.Prefix == im.Prefix &&
			(im.Flow == ServiceFlow || e.Subject == im.Subject)
	})
	if i < 0 {
		return nil
	}
	return &earlier[i]
}

// granted tells whether an account exports what im wants to the account called importer.
func granted(from *Account, im Import, importer string) bool {
	return slices.ContainsFunc(from.Exports, func(e Export) bool {
		if e.Flow != im.Flow || !subject.Covers(e.Subject, im.Subject) {
			return false
		}
		if n := e.TokenPosition; n > 0 {
			tokens := strings.Split(im.Subject, ".")
			return n <= len(tokens) && tokens[n-1] == importer
		}
		return e.Accounts == nil || slices.Contains(e.Accounts, importer)
	})
}

// cyclic follows the imports of the exporting account that im's subject meets, and tells whether one
// leads back to an account on the way.
func cyclic(name string, im Import, byName map[string]*Account) bool {
	seen := map[string]bool{}
	var follow func(account, subj string, visited []string) bool
	follow = func(account, subj string, visited []string) bool {
		if slices.Contains(visited, account) {
			return true
		}
		key := fmt.Sprint(account, "\x00", subj, "\x00", visited)
		a := byName[account]
		if a == nil || seen[key] {
			return false
		}
		seen[key] = true
		visited = append(slices.Clone(visited), account)
		for _, next := range a.Imports {
			if next.Flow == im.Flow && subject.Overlaps(localPattern(next), subj) && follow(next.Account, next.Subject, visited) {
				return true
			}
		}
		return false
	}
	return follow(im.Account, im.Subject, []string{name})
}

// localPattern is the subject under which an import is seen here, with * for every placeholder.
func localPattern(im Import) string {
	local := im.Local
	if im.Prefix != "" {
		local = strings.TrimSuffix(im.Prefix, ".") + "." + im.Subject
	}
	tokens := strings.Split(local, ".")
	for i, t := range tokens {
		if _, ok := dollar(t); ok || strings.HasPrefix(t, "{{") {
			tokens[i] = "*"
		}
	}
	return strings.Join(tokens, ".")
}
