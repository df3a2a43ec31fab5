package auth

import "context"

// anonymous lets clients without any credentials in as no_auth_user. Its entry needs no proof here,
// neither password nor signature.
type anonymous struct{ entry *entry }

func newAnonymous(e *entry) anonymous { return anonymous{e.by(byNothing)} }

func (m anonymous) try(_ context.Context, r *Request) (*entry, error) {
	if !r.anonymous() {
		return nil, nil
	}
	return m.entry, nil
}
