package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// absent are keys of nats-server 2.9.10 that natsd leaves out on purpose, with the reason. The
// form is "PATH: key.key[]".
var absent = map[string]string{}

// TestMonitoringKeys holds that natsd answers every key of the peer's endpoints with a value of the
// same type. More keys are no fault: the peer is an older release.
func TestMonitoringKeys(t *testing.T) {
	t.Parallel()
	p := startPair(t, `server_name: "same"
accounts { A { users: [ {user: a, password: p} ] }, SYS { users: [ {user: s, password: p} ] } }
system_account: SYS`)
	for _, s := range []*harness.Server{p.natsd, p.peer} {
		nc, err := nats.Connect("nats://"+s.Addr, nats.UserInfo("a", "p"), nats.Name("n"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		if _, err := nc.QueueSubscribeSync("foo", "q"); err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		"/varz", "/connz", "/connz?auth=1&subs=1", "/connz?subs=detail", "/connz?state=closed", "/connz?state=all",
		"/routez", "/routez?subs=1", "/gatewayz", "/leafz", "/leafz?subs=1", "/subsz", "/subsz?subs=1",
		"/accountz", "/accountz?acc=A", "/accstatz", "/accstatz?unused=1", "/jsz", "/healthz",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var natsd, peer any
			if err := p.peer.GetJSON(path, &peer); err != nil {
				t.Fatal(err)
			}
			if err := p.natsd.GetJSON(path, &natsd); err != nil {
				t.Fatal(err)
			}
			missing := lacks("", peer, natsd)
			for _, m := range missing {
				if _, ok := absent[path+": "+m]; !ok {
					t.Errorf("%s: %s", path, m)
				}
			}
			for key, why := range absent {
				if rest, ok := strings.CutPrefix(key, path+": "); ok && !slices.Contains(missing, rest) {
					t.Errorf("%s is there; the explanation %q is out of date", key, why)
				}
			}
		})
	}
}

// lacks lists the places where got lacks a key of want or has another type.
func lacks(path string, want, got any) []string {
	if want == nil {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{path + " is not an object"}
		}
		var all []string
		if strings.HasSuffix(path, ".http_req_stats") {
			return nil // what was asked for until now
		}
		for key, v := range w {
			if _, ok := g[key]; !ok {
				all = append(all, strings.TrimPrefix(path+"."+key, ".")+" is missing")
				continue
			}
			all = append(all, lacks(path+"."+key, v, g[key])...)
		}
		slices.Sort(all)
		return all
	case []any:
		g, ok := got.([]any)
		switch {
		case !ok:
			return []string{path + " is not a list"}
		case len(w) > 0 && len(g) > 0:
			return lacks(path+"[]", merged(w), merged(g))
		case len(w) > 0:
			return []string{path + " is empty"}
		}
		return nil
	}
	if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
		return []string{fmt.Sprintf("%s is %v, the peer has %v", path, got, want)}
	}
	return nil
}

// merged is one row with the keys of all rows of a list, which come in any order.
func merged(list []any) any {
	all := map[string]any{}
	for _, row := range list {
		m, ok := row.(map[string]any)
		if !ok {
			return row
		}
		maps.Copy(all, m)
	}
	return all
}

// TestMonitoringPaths compares status codes and content types, also for paths and queries that are
// wrong.
func TestMonitoringPaths(t *testing.T) {
	t.Parallel()
	p := startPair(t, "")
	for _, path := range []string{
		"/", "/varz", "/connz", "/nothing", "/connz?sort=bad", "/connz?limit=x", "/connz?state=x", "/connz?cid=x",
		"/subsz?limit=x", "/subscriptionsz", "/healthz", "/accountz?acc=NOPE", "/stacksz",
	} {
		want, _, err := p.peer.Get(path)
		if err != nil {
			t.Fatal(err)
		}
		got, body, err := p.natsd.Get(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: status %d, the peer has %d: %.200s", path, got, want, body)
		}
	}
}
