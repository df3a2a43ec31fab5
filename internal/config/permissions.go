package config

import (
	"slices"
	"time"

	"natsd/internal/perm"
)

// permissionKeys describes a block of permissions and what stands in it.
func permissionKeys(prefix string, aliases ...string) []Key {
	return slices.Concat([]Key{{
		Path: prefix, Aliases: aliases, Type: Block, UnknownText: "Unknown field %q parsing permissions",
		TypeError: "Expected permissions to be a map/struct, got %s", Doc: "What may be published and subscribed.",
	}}, under(prefix, permissionGroup))
}

const (
	unknownSubjectRule = "Unknown field name %q parsing subject permissions, only 'allow' or 'deny' are permitted"
	badSubjectRule     = "Expected subject permissions to be a subject, or array of subjects, got %s"
)

var permissionGroup = []Key{
	{Path: ".publish", Aliases: []string{"pub", "import"}, Type: Strings | Block, UnknownText: unknownSubjectRule, TypeError: badSubjectRule, Doc: "Subjects that may be published to: allowed ones, or `{allow, deny}`."},
	{Path: ".publish.allow", Type: Strings, TypeError: badSubjectRule, Doc: "Allowed subjects; all when not set."},
	{Path: ".publish.deny", Type: Strings, TypeError: badSubjectRule, Doc: "Denied subjects; they win."},
	{Path: ".subscribe", Aliases: []string{"sub", "export"}, Type: Strings | Block, UnknownText: unknownSubjectRule, TypeError: badSubjectRule, Doc: "Subjects that may be subscribed to, each with an optional queue: `\"subject queue\"`."},
	{Path: ".subscribe.allow", Type: Strings, TypeError: badSubjectRule, Doc: "Allowed subjects; all when not set."},
	{Path: ".subscribe.deny", Type: Strings, TypeError: badSubjectRule, Doc: "Denied subjects; they win."},
	{Path: ".allow_responses", Aliases: []string{"publish_allow_responses"}, Type: Bool | Block, TypeError: "error parsing response permissions, expected a boolean or a map", Doc: "Permits answers to requests; without a list of allowed subjects nothing else may be published then."},
	{Path: ".allow_responses.max", Aliases: []string{"max_msgs", "max_messages", "max_responses"}, Type: Int, Default: perm.DefaultMax, Doc: "Answers to one request; negative is unlimited."},
	{Path: ".allow_responses.expires", Aliases: []string{"expiration", "ttl"}, Type: DurationText, Default: perm.DefaultExpires, TypeError: "error parsing expires, not a duration string", Doc: "Time in which a request may be answered; negative is unlimited."},
}

// decodePermissions reads a block of permissions; nil when there is none, or when it restricts
// nothing.
func decodePermissions(b *block) *perm.Rules {
	if !b.present {
		return nil
	}
	r := &perm.Rules{
		Publish:   subjectRules(b, "publish", perm.CheckPublish),
		Subscribe: subjectRules(b, "subscribe", perm.CheckSubscribe),
		Responses: responses(b),
	}
	if r.Publish == nil && r.Subscribe == nil && r.Responses == nil {
		return nil
	}
	return r
}

func subjectRules(b *block, name string, check func(string) error) *perm.SubjectRules {
	if !b.has(name) {
		return nil
	}
	if b.good(name) {
		return &perm.SubjectRules{Allow: subjects(b, name, check)}
	}
	s := b.block(name)
	r := &perm.SubjectRules{Allow: subjects(s, "allow", check), Deny: subjects(s, "deny", check)}
	if r.Allow == nil && len(r.Deny) == 0 {
		return nil
	}
	return r
}

// subjects reads a list and reports every bad entry at its own place.
func subjects(b *block, name string, check func(string) error) []string {
	list := b.strs(name)
	ownAll(list) // users may outlive the text
	for i, s := range list {
		if err := check(s); err != nil {
			b.d.errorAt(elementPos(b, name, i), join(b.path, name), "%s", err)
		}
	}
	return list
}

func responses(b *block) *perm.Responses {
	if !b.has("allow_responses") {
		return nil
	}
	s := b.block("allow_responses")
	if !s.present && !b.bool("allow_responses") {
		return nil
	}
	r := &perm.Responses{Max: s.int("max"), Expires: s.dur("expires")}
	if r.Max == 0 {
		r.Max = perm.DefaultMax
	}
	if r.Expires == 0 {
		r.Expires = perm.DefaultExpires
	}
	r.Max, r.Expires = max(r.Max, -1), max(r.Expires, -1*time.Nanosecond)
	return r
}
