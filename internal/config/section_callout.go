package config

import (
	"errors"
	"fmt"

	"github.com/nats-io/nkeys"
)

var calloutSection = section{title: "Authorization: callouts", decode: decodeCallout, check: checkCallout, keys: under("authorization.auth_callout", []Key{
	{Path: "", Aliases: []string{"auth_hook"}, Type: Block, Pending: "authorization callouts", Refuse: true, UnknownText: "Unknown field %q parsing authorization callout", Doc: "Leaves the decision who may connect to a service."},
	{Path: ".issuer", Type: Text, Check: checkAccountKey, Doc: "Public account nkey that signs the answers."},
	{Path: ".account", Aliases: []string{"acc"}, Type: Text, Default: GlobalAccount, Doc: "Account of the service."},
	{Path: ".auth_users", Aliases: []string{"users"}, Type: List, Doc: "Users of the service, who are not asked about."},
	{Path: ".xkey", Aliases: []string{"key"}, Type: Text, Check: checkCurveKey, Doc: "Public curve key with which requests are encrypted."},
	{Path: ".allowed_accounts", Type: List, Doc: "Accounts that the service may choose; all when not set."},
})}

func checkAccountKey(v any) error {
	if s, _ := v.(string); !nkeys.IsValidPublicAccountKey(s) {
		return fmt.Errorf("Expected callout user to be a valid public account nkey, got %q", cut(s)) //nolint:staticcheck // the peer's words
	}
	return nil
}

func checkCurveKey(v any) error {
	if s, _ := v.(string); !nkeys.IsValidPublicCurveKey(s) {
		return errors.New("Expected callout xkey to be a valid public xkey") //nolint:staticcheck // the peer's words
	}
	return nil
}

func decodeCallout(root *block, o *Options) {
	b := root.block("authorization").block("auth_callout")
	if !b.present {
		return
	}
	if !b.has("issuer") {
		b.errorf("", "Authorization callouts require an issuer to be specified")
	}
	if len(b.strs("auth_users")) == 0 {
		b.errorf("", "Authorization callouts require authorized users to be specified")
	}
	o.Authorization.Callout = &AuthCallout{
		Issuer: b.str("issuer"), Account: b.str("account"), XKey: b.str("xkey"),
		AuthUsers: b.strs("auth_users"), AllowedAccounts: b.strs("allowed_accounts"), Pos: b.pos,
	}
}

func checkCallout(root *block, o *Options) {
	c := o.Authorization.Callout
	if c == nil || o.Operator != nil {
		return
	}
	b := root.block("authorization").block("auth_callout")
	if !o.knownAccount(c.Account) {
		b.errorf("account", "auth_callout account %q not found in configured accounts", c.Account)
	}
	for i, name := range c.AllowedAccounts {
		if !o.knownAccount(name) {
			b.d.errorAt(elementPos(b, "allowed_accounts", i), "authorization.auth_callout.allowed_accounts", "auth_callout allowed account %q not found in configured accounts", name)
		}
	}
}
