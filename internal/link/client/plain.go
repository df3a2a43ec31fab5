package client

// parsePlain reads a CONNECT in the form in which clients send it: a flat object of words, small numbers
// and strings that mean themselves. It reports false for anything else, right or wrong, and then o is in
// disorder: [connectOptions.parseAny] has the say. That takes package json, five times as long and a
// stack twice as large, which the connection would keep.
func (o *connectOptions) parsePlain(text []byte) bool {
	s := scanner{rest: text}
	s.take(0)
	if !s.skip('{') {
		return false
	}
	for first := true; !s.skip('}'); first = false {
		if !first && !s.skip(',') {
			return false
		}
		key, ok := s.quoted()
		if !ok || !s.skip(':') || !o.set(&s, string(key)) {
			return false
		}
	}
	return len(s.rest) == 0
}

// set reads the value of key.
func (o *connectOptions) set(s *scanner, key string) bool {
	switch key {
	case "verbose":
		return s.flag(&o.Verbose)
	case "pedantic":
		return s.flag(&o.Pedantic)
	case "echo":
		return s.flag(&o.Echo)
	case "headers":
		return s.flag(&o.Headers)
	case "no_responders":
		return s.flag(&o.NoResponders)
	case "new_account":
		return s.flag(&o.NewAccount)
	case "tls_required":
		return s.flag(new(bool))
	case "protocol":
		return s.digit(&o.Protocol)
	case "name":
		return s.text(&o.Name)
	case "lang":
		return s.text(&o.Lang)
	case "version":
		return s.text(&o.Version)
	case "user":
		return s.text(&o.User)
	case "pass":
		return s.text(&o.Pass)
	case "auth_token":
		return s.text(&o.Token)
	case "nkey":
		return s.text(&o.NKey)
	case "sig":
		return s.text(&o.Sig)
	case "jwt":
		return s.text(&o.JWT)
	case "proxy_sig":
		return s.text(&o.ProxySig)
	case "account":
		return s.text(&o.Account)
	}
	return false // perhaps in another case, which package json does not mind
}

// scanner takes values off the front of a text, and the blanks behind them.
type scanner struct{ rest []byte }

func (s *scanner) take(n int) {
	s.rest = s.rest[n:]
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t') {
		s.rest = s.rest[1:]
	}
}

// skip takes c if it comes next.
func (s *scanner) skip(c byte) bool {
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.take(1)
	return true
}

// quoted takes a string that means itself.
func (s *scanner) quoted() ([]byte, bool) {
	if len(s.rest) == 0 || s.rest[0] != '"' {
		return nil, false
	}
	for i, c := range s.rest[1:] {
		switch {
		case c == '"':
			text := s.rest[1 : i+1]
			s.take(i + 2)
			return text, true
		case c < ' ', c > '~', c == '\\':
			return nil, false
		}
	}
	return nil, false
}

func (s *scanner) text(to *string) bool {
	text, ok := s.quoted()
	*to = string(text)
	return ok
}

func (s *scanner) flag(to *bool) bool {
	for i, word := range [...]string{"false", "true"} {
		if len(s.rest) >= len(word) && string(s.rest[:len(word)]) == word {
			*to = i == 1
			s.take(len(word))
			return true
		}
	}
	return false
}

// digit takes a number of one digit.
func (s *scanner) digit(to *int) bool {
	if len(s.rest) < 2 || s.rest[0] < '0' || s.rest[0] > '9' || s.rest[1] != ',' && s.rest[1] != '}' {
		return false
	}
	*to = int(s.rest[0] - '0')
	s.take(1)
	return true
}
