package server

import "testing"

func TestQuietSince(t *testing.T) {
	t.Parallel()
	last := activity{msgs: 1000, conns: 10, allocated: 100 << 20}
	for _, tt := range []struct {
		name string
		more activity
		want bool
	}{
		{"nothing", activity{}, true},
		{"some messages", activity{msgs: idleMsgs - 1, allocated: 1 << 20}, true},
		{"many messages", activity{msgs: idleMsgs}, false},
		{"a connection", activity{conns: 1}, false},
		{"many subscriptions", activity{allocated: idleBytes}, false},
	} {
		now := activity{last.msgs + tt.more.msgs, last.conns + tt.more.conns, last.allocated + tt.more.allocated}
		if got := now.quietSince(last); got != tt.want {
			t.Errorf("%s: quiet is %v, want %v", tt.name, got, tt.want)
		}
	}
}
