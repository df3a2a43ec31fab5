package admin_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"natsd/internal/admin/api"
)

// bearer is the header that shows a token.
func bearer(secret string) []string { return []string{"Authorization", "Bearer " + secret} }

func TestTokens(t *testing.T) {
	t.Parallel()
	n := start(t, strings.Replace(tokenConf(t), "admin {", `admin { tokens_file: "<dir>/tokens.json",`, 1))
	file := filepath.Join(n.Dir, "tokens.json")
	var made api.IssuedToken
	n.want(n.ask("POST", "/tokens?dry_run", api.NewToken{Role: "operator"}), http.StatusOK, &made)
	if made.Secret != "" || !made.DryRun {
		t.Errorf("%+v", made)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a dry run has written the file")
	}
	n.want(n.ask("POST", "/tokens", api.NewToken{Role: "operator", TTL: "1h", Note: "for ci"}), http.StatusCreated, &made)
	if !strings.HasPrefix(made.Secret, "ndt_") || len(made.Secret) != 47 || made.Expires == nil || made.CreatedBy != "unix:uid:"+uid() {
		t.Errorf("%+v", made)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 || strings.Contains(string(text), made.Secret) {
		t.Errorf("%v %s", info.Mode(), text)
	}
	var who api.Identity
	n.want(n.ask("GET", "/whoami", nil, bearer(made.Secret)...), http.StatusOK, &who)
	if who.Subject != made.ID || who.Role != "operator" || who.Method != "token" {
		t.Errorf("%+v", who)
	}
	n.problem(n.ask("GET", "/tokens", nil, bearer(made.Secret)...), api.Forbidden)
	var page api.List[api.Token]
	list := n.ask("GET", "/tokens", nil)
	n.want(list, http.StatusOK, &page)
	last := page.Items[len(page.Items)-1]
	if page.Total != 8 || last.ID != made.ID || last.LastUsed == nil || last.Note != "for ci" || strings.Contains(string(list.body), "$2a$") {
		t.Errorf("%s", list.body)
	}

	var again api.IssuedToken
	n.want(n.ask("POST", "/tokens/"+made.ID+"/rotate", api.RotateToken{Grace: "1h"}), http.StatusOK, &again)
	n.want(n.ask("GET", "/whoami", nil, bearer(made.Secret)...), http.StatusOK, nil)
	n.want(n.ask("GET", "/whoami", nil, bearer(again.Secret)...), http.StatusOK, nil)
	var third api.IssuedToken
	n.want(n.ask("POST", "/tokens/"+made.ID+"/rotate", nil), http.StatusOK, &third)
	n.problem(n.ask("GET", "/whoami", nil, bearer(made.Secret)...), api.Unauthenticated)
	n.problem(n.ask("GET", "/whoami", nil, bearer(again.Secret)...), api.Unauthenticated)
	n.want(n.ask("GET", "/whoami", nil, bearer(third.Secret)...), http.StatusOK, nil)

	n.want(n.ask("DELETE", "/tokens/"+made.ID+"?dry_run", nil), http.StatusNoContent, nil)
	n.want(n.ask("GET", "/tokens/"+made.ID, nil), http.StatusOK, nil)
	n.want(n.ask("DELETE", "/tokens/"+made.ID, nil), http.StatusNoContent, nil)
	n.problem(n.ask("GET", "/whoami", nil, bearer(third.Secret)...), api.Unauthenticated)
	n.problem(n.ask("DELETE", "/tokens/"+made.ID, nil), api.NotFound)
	n.problem(n.ask("DELETE", "/tokens/ada", nil), api.Conflict)
	if strings.Contains(n.log(), "ndt_") {
		t.Error("the log shows a token")
	}
}

// Nobody makes a token that may do more than he may himself, and nobody rotates one.
func TestTokensGiveNoMoreThanOneHas(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	issue := func(who string, body api.NewToken) answer {
		if who == "" {
			return n.ask("POST", "/tokens", body)
		}
		return n.ask("POST", "/tokens", body, bearer(who)...)
	}
	var limited, scoped, greater api.IssuedToken
	n.want(issue("", api.NewToken{Role: "admin", TTL: "1h", CIDR: []string{"10.0.0.0/8"}}), http.StatusCreated, &limited)
	n.want(issue("", api.NewToken{Role: "operator", Scopes: []string{"tokens:write", "reload:write"}}), http.StatusCreated, &scoped)
	n.want(issue("", api.NewToken{Role: "admin"}), http.StatusCreated, &greater)
	for _, c := range []struct {
		who  string
		body api.NewToken
		want int
	}{
		{limited.Secret, api.NewToken{}, 403},
		{limited.Secret, api.NewToken{TTL: "30m"}, 403},
		{limited.Secret, api.NewToken{TTL: "30m", CIDR: []string{"10.1.0.0/16", "10.2.2.2"}}, 201},
		{limited.Secret, api.NewToken{TTL: "30m", CIDR: []string{"10.0.0.0/7"}}, 403},
		{limited.Secret, api.NewToken{TTL: "2h", CIDR: []string{"10.0.0.0/8"}}, 403},
		{scoped.Secret, api.NewToken{}, 403},
		{scoped.Secret, api.NewToken{Role: "operator"}, 403},
		{scoped.Secret, api.NewToken{Role: "operator", Scopes: []string{"reload:write"}}, 201},
		{scoped.Secret, api.NewToken{Role: "admin", Scopes: []string{"reload:write"}}, 403},
		{scoped.Secret, api.NewToken{Scopes: []string{"config:write"}}, 403},
		{"s-oz", api.NewToken{}, 403},
		{"s-app", api.NewToken{Accounts: []string{"APP"}}, 403},
	} {
		if a := issue(c.who, c.body); a.StatusCode != c.want {
			t.Errorf("%s %+v: %d, want %d: %s", c.who, c.body, a.StatusCode, c.want, a.body)
		}
	}
	n.problem(n.ask("POST", "/tokens/"+greater.ID+"/rotate", nil, bearer(scoped.Secret)...), api.Forbidden)
	n.problem(n.ask("DELETE", "/tokens/"+greater.ID, nil, bearer(scoped.Secret)...), api.Forbidden)
	p := n.problem(issue("", api.NewToken{Role: "none", Scopes: []string{""}, CIDR: []string{"x"}, TTL: "-1s", Accounts: []string{""}}), api.InvalidParameter)
	if len(p.Errors) != 5 {
		t.Errorf("%+v", p.Errors)
	}
}

func TestTokensOutliveReloadsAndRestarts(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	var inMemory, inFile api.IssuedToken
	n.want(n.ask("POST", "/tokens", api.NewToken{}), http.StatusCreated, &inMemory)
	file := `admin { tokens_file: "<dir>/tokens.json" }`
	n.Write(file)
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	n.problem(n.ask("GET", "/whoami", nil, bearer(inMemory.Secret)...), api.Unauthenticated)
	n.want(n.ask("POST", "/tokens", api.NewToken{}), http.StatusCreated, &inFile)
	n.Write(file + "\ndebug: true\n")
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	n.want(n.ask("GET", "/whoami", nil, bearer(inFile.Secret)...), http.StatusOK, nil)

	text, err := os.ReadFile(filepath.Join(n.Dir, "tokens.json"))
	if err != nil {
		t.Fatal(err)
	}
	next := startWith(t, file, func(dir string) {
		if err := os.WriteFile(filepath.Join(dir, "tokens.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	next.want(next.ask("GET", "/whoami", nil, bearer(inFile.Secret)...), http.StatusOK, nil)

	for name, text := range map[string]string{"bad.json": "{", "old.json": `{"version":0}`, "role.json": `{"version":1,"tokens":[{"id":"x","role":"god"}]}`} {
		if err := os.WriteFile(filepath.Join(n.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n.Write(`admin { tokens_file: "<dir>/` + name + `" }`)
		n.problem(n.ask("POST", "/reload", nil), api.ReloadRejected)
	}
	n.Write(`admin { tokens_file: "<dir>/no/such/folder" }`)
	n.problem(n.ask("POST", "/reload", nil), api.ReloadRejected)
	n.want(n.ask("GET", "/whoami", nil, bearer(inFile.Secret)...), http.StatusOK, nil)
}

// A stream ends when the token that opened it is taken away.
func TestStreamOfATokenThatIsTakenAway(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for seconds")
	}
	n := start(t, "")
	var made api.IssuedToken
	n.want(n.ask("POST", "/tokens", api.NewToken{}), http.StatusCreated, &made)
	s := n.stream("/events", bearer(made.Secret)...)
	n.want(n.ask("DELETE", "/tokens/"+made.ID, nil), http.StatusNoContent, nil)
	for deadline := time.Now().Add(patience + 10*time.Second); time.Now().Before(deadline); {
		var e struct {
			Type string `json:"type"`
		}
		if _, _, ok := s.next(&e); !ok {
			t.Fatal("it has ended without a word")
		}
		if e.Type == api.StreamEnd {
			return
		}
	}
	t.Error("it goes on")
}
