package syntax_test

import (
	"fmt"

	"natsd/internal/config/syntax"
)

func ExampleParse() {
	text := `
port: 4222
TIMEOUT = "2s"
authorization {
  timeout: $TIMEOUT
  users = [ {user: alice}, {user: bob} ]
}
max_payload = 8MB extra
`
	file, problems := syntax.Parse("nats.conf", []byte(text), nil)
	for _, p := range problems {
		fmt.Println(p)
		fmt.Println(file.Source(p.Pos))
	}
	timeout := file.Root.Get("authorization").Value.Map.Get("timeout")
	fmt.Println(timeout.Pos, timeout.Key, timeout.Value.Str)
	// Output:
	// nats.conf:8:19: unexpected text after the value
	// max_payload = 8MB extra
	// nats.conf:5:3 timeout 2s
}
