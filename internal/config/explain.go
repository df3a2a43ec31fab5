package config

import "strings"

// Explanation is what the registry knows of a key, in words.
type Explanation struct {
	Key      string   `json:"key"`
	Names    []string `json:"names,omitempty"` // others than the last element of the key
	Type     string   `json:"type"`
	Default  string   `json:"default,omitempty"`
	Flag     string   `json:"flag,omitempty"`
	Env      string   `json:"env,omitempty"` // variable that sets the key
	Reload   string   `json:"reload"`
	Why      string   `json:"reload_reason,omitempty"`
	Secret   bool     `json:"secret,omitempty"`
	Pending  string   `json:"pending,omitempty"` // feature that is not built yet
	OwnKey   bool     `json:"natsd_only,omitempty"`
	Doc      string   `json:"doc"`
	Children []string `json:"keys,omitempty"` // inside a block
}

// Explain describes the key with a path in the notation of the reference, such as "cluster.tls.timeout"
// or "accounts.*.nkey"; "/" may stand for the dots. When there is none, near lists keys that may have
// been meant.
func Explain(path string) (e Explanation, near []string, ok bool) {
	return ExplainAt(splitPath(strings.ReplaceAll(strings.Trim(path, "/"), "/", ".")))
}

// ExplainAt is [Explain] for a path that is taken apart already: names in it may hold any character, and
// indexes stand for the elements of arrays.
func ExplainAt(elems []string) (e Explanation, near []string, ok bool) {
	root, err := registry()
	if err != nil {
		return e, nil, false
	}
	n := root.find(elems)
	if n == nil {
		return e, nearKeys(strings.ToLower(strings.Join(elems, "."))), false
	}
	k := n.key
	e = Explanation{
		Key: n.path, Names: k.Aliases, Type: docType(k), Default: docDefault(k), Flag: k.Flag, Reload: k.Reload.String(), Why: k.Why,
		Secret: k.Secret, Pending: k.Pending, OwnKey: k.Own, Doc: k.Doc,
	}
	if k.Secret {
		e.Default = ""
	}
	if n.static() && (k.Type&containers == 0 || k.Short != "" || k.FlagShort != "") {
		e.Env = EnvName(n.path)
	}
	e.Children = childPaths(n)
	return e, nil, true
}

// find returns the node of a path in which names and aliases may stand for keys and anything for "*".
func (n *node) find(elems []string) *node {
	for _, e := range elems {
		e = strings.ToLower(e)
		next := n.child(e)
		switch {
		case next == nil && n.item != nil && e != "" && strings.Trim(e, "0123456789") == "":
			n = n.item
		case next != nil && (e != "[]" || n.key.Type&(Blocks|Block) != 0):
			n = next
		case n.any != nil:
			n = n.any
		case n.item != nil && n.item.child(e) != nil:
			n = n.item.child(e)
		default:
			return nil
		}
	}
	return n
}

func childPaths(n *node) []string {
	var paths []string
	for _, c := range n.children {
		paths = append(paths, c.path)
	}
	if n.any != nil {
		paths = append(paths, n.any.path)
	}
	if n.item != nil {
		for _, c := range n.item.children {
			paths = append(paths, c.path)
		}
	}
	return paths
}

// nearKeys lists keys whose path holds the words of another one.
func nearKeys(path string) []string {
	const most = 8
	last := path[strings.LastIndexByte(path, '.')+1:]
	var near []string
	for k := range Keys {
		name := k.Path[strings.LastIndexByte(k.Path, '.')+1:]
		if name == "*" { // it is everything, and like nothing
			continue
		}
		if len(near) < most && (strings.Contains(k.Path, path) || name == last || distance(name, last, 1+len(last)/6) <= 1+len(last)/6) {
			near = append(near, k.Path)
		}
	}
	return near
}
