package reload_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// greeting is a component: it keeps one value of the configuration in force.
type greeting struct{ text atomic.Pointer[string] }

func (*greeting) Name() string   { return "greeting" }
func (*greeting) Keys() []string { return []string{"server_name"} }

func (g *greeting) Plan(old, next *config.Options) (reload.Change, error) {
	if old.ServerName == next.ServerName {
		return nil, nil
	}
	return &newGreeting{g: g, name: next.ServerName}, nil
}

type newGreeting struct {
	reload.Base // there is nothing to abort and nothing to settle
	g           *greeting
	name        string
	text        string
}

func (c *newGreeting) Prepare(context.Context) error {
	if c.name == "" {
		return fmt.Errorf("nobody to greet")
	}
	c.text = "hello " + c.name
	return nil
}

func (c *newGreeting) Commit() { c.g.text.Store(&c.text) }

func Example() {
	dir, err := os.MkdirTemp("", "reload")
	if err != nil {
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "natsd.conf")
	read := func(text string) (*config.Options, *config.Report) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			fmt.Println(err)
		}
		return config.Load(config.Source{Path: path})
	}

	first, _ := read("server_name: world")
	var g greeting
	m := reload.New(first, reload.Setup{
		Components: []reload.Component{&g},
		Load:       func() (*config.Options, *config.Report) { return config.Load(config.Source{Path: path}) },
	})

	_, _ = read("server_name: moon\n# a comment")
	report, err := m.Reload(context.Background(), reload.Request{Who: "signal"})
	fmt.Println(report.Result, report.Changes[0], err)
	fmt.Println(*g.text.Load(), m.Generation())

	_, _ = read("port: 4333")
	report, err = m.Reload(context.Background(), reload.Request{Who: "signal"})
	fmt.Println(report.Result, err)
	fmt.Println(*g.text.Load(), m.Generation())
	// Output:
	// applied server_name = moon <nil>
	// hello moon 2
	// refused nobody to greet
	// hello moon 2
}
