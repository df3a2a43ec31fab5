package system

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

const (
	patience = 20 * time.Second
	// quiet is how long nothing has to come to count as silence.
	quiet = 300 * time.Millisecond
)

// accounts is the configuration of all servers here.
const accounts = `
server_tags: ["region:east", "node:1"]
accounts {
	APP { users: [ {user: app, password: p}, {user: narrow, password: p, permissions: {publish: ["x"], subscribe: [">"]}} ] }
	FEW { limits: {max_connections: 3}, users: [ {user: few, password: p} ] }
	OTHER { users: [ {user: other, password: p} ] }
	SYS { users: [ {user: sys, password: p} ] }
}
system_account: SYS
`

// connect connects as a user.
func connect(t *testing.T, s *harness.Server, user string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+s.Addr, append(opts, nats.UserInfo(user, "p"), nats.Name("test-"+user))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// answer is one answer of a service.
type answer struct {
	Server map[string]any `json:"server"`
	Data   map[string]any `json:"data"`
	Statsz map[string]any `json:"statsz"`
	Error  *struct {
		Code        int    `json:"code"`
		Description string `json:"description"`
	} `json:"error"`

	raw  []byte
	head nats.Header
}

func decode(t *testing.T, m *nats.Msg) *answer {
	t.Helper()
	a := &answer{raw: m.Data, head: m.Header}
	if err := json.Unmarshal(m.Data, a); err != nil {
		t.Fatalf("%s: %v in %q", m.Subject, err, m.Data)
	}
	return a
}

// ask returns the first answer.
func ask(t *testing.T, nc *nats.Conn, subject, body string) *answer {
	t.Helper()
	m, err := nc.Request(subject, []byte(body), patience)
	if err != nil {
		t.Fatalf("%s %s: %v", subject, body, err)
	}
	return decode(t, m)
}

// askAll returns the answers that come within a while, as the nats command does.
func askAll(t *testing.T, nc *nats.Conn, subject, body string, most int) (all []*answer) {
	t.Helper()
	inbox := nats.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest(subject, inbox, []byte(body)); err != nil {
		t.Fatal(err)
	}
	for len(all) < most {
		m, err := sub.NextMsg(patience)
		if err != nil {
			t.Fatalf("%s: %d answers of %d: %v", subject, len(all), most, err)
		}
		all = append(all, decode(t, m))
	}
	if m, err := sub.NextMsg(quiet); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("%s: more than %d answers: %v, %v", subject, most, m, err)
	}
	return all
}
