package config

import (
	"errors"
	"time"

	"natsd/internal/config/syntax"
)

var ocspSection = section{decode: decodeOCSP, keys: []Key{
	{Path: "ocsp", Type: Block, Short: "enabled", Pending: "OCSP stapling", Refuse: true, Idle: noStapling, Doc: "Staples OCSP answers to the server's certificates."},
	{Path: "ocsp.enabled", Type: Bool, Default: true, PlainOnly: true, Doc: "The value in place of the block."},
	{Path: "ocsp.mode", Type: Text, Exact: true, Parse: parseOCSPMode, Doc: "`auto` (certificates that ask for it), `always`, `must` or `never`."},
	{Path: "ocsp.url", Type: Text, Exact: true, Doc: "Responder to ask in place of those in the certificates."},
	{Path: "ocsp.urls", Type: List, Exact: true, Doc: "Responders to ask in place of those in the certificates."},
	{Path: "ocsp_cache", Type: Block, Short: "enabled", Pending: "OCSP checks of client certificates", Idle: func(b *block) bool { return !b.bool("enabled") }, Doc: "Keeps answers about client certificates."},
	{Path: "ocsp_cache.enabled", Type: Bool, Default: true, PlainOnly: true, Doc: "The value in place of the block."},
	{Path: "ocsp_cache.type", Type: Text, Default: "local", Words: []string{"local", "none"}, Doc: "`local` or `none`."},
	{Path: "ocsp_cache.local_store", Type: Text, Default: "_rc_", Doc: "Directory of the kept answers."},
	{Path: "ocsp_cache.preserve_revoked", Type: Bool, Default: false, Doc: "Keeps revocations for good."},
	{Path: "ocsp_cache.save_interval", Type: SecondsOrDuration, Default: 300 * time.Second, Check: checkSaveInterval, Doc: "Time between writes to the disk, one second or more."},
}}

func noStapling(b *block) bool { return !b.bool("enabled") || b.str("mode") == "never" }

func parseOCSPMode(v *syntax.Value) (any, error) {
	switch v.Str {
	case "auto", "always", "must", "never":
		return v.Str, nil
	}
	return nil, errors.New("error parsing ocsp config: unsupported ocsp mode string")
}

func checkSaveInterval(v any) error {
	if d, _ := v.(time.Duration); d < time.Second {
		return errors.New("save_interval must be one second or more")
	}
	return nil
}

func decodeOCSP(root *block, o *Options) {
	if b := root.block("ocsp"); b.present && b.bool("enabled") {
		s := &OCSPStapling{Mode: b.str("mode"), URLs: b.strs("urls")}
		if u := b.str("url"); u != "" {
			s.URLs = append([]string{u}, s.URLs...)
		}
		if s.Mode == "" {
			s.Mode = "auto"
		}
		o.OCSP = s
	}
	if b := root.block("ocsp_cache"); b.present && b.bool("enabled") && b.str("type") == "local" {
		o.OCSPCache = &OCSPCache{Dir: b.str("local_store"), PreserveRevoked: b.bool("preserve_revoked"), SaveInterval: b.dur("save_interval")}
	}
}
