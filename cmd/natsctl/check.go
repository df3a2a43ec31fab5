package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// The outcomes of a check, which are its exit codes too: those of Nagios.
const (
	checkOK       = 0
	checkWarning  = 1
	checkCritical = 2
	checkUnknown  = 3
)

var checkWords = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

// measure is one figure of a check.
type measure struct {
	name  string
	unit  string
	value func(v *checkedVarz) float64
	help  string
	falls bool // little is bad
}

// checkedVarz is what a check looks at.
type checkedVarz struct {
	Name         string    `json:"server_name"`
	Now          time.Time `json:"now"`
	Start        time.Time `json:"start"`
	CPU          float64   `json:"cpu"`
	Mem          float64   `json:"mem"`
	Connections  float64   `json:"connections"`
	Subs         float64   `json:"subscriptions"`
	Slow         float64   `json:"slow_consumers"`
	AuthRequired bool      `json:"auth_required"`
	TLSRequired  bool      `json:"tls_required"`
	CertEnds     time.Time `json:"tls_cert_not_after"`
}

var measures = []measure{
	{name: "uptime", unit: "s", help: "seconds since the start, or a duration", falls: true, value: func(v *checkedVarz) float64 { return v.Now.Sub(v.Start).Seconds() }},
	{name: "cpu", unit: "%", help: "percent of a core", value: func(v *checkedVarz) float64 { return v.CPU }},
	{name: "mem", unit: "B", help: "bytes of memory", value: func(v *checkedVarz) float64 { return v.Mem }},
	{name: "conn", help: "connections; critical below warning turns it around", value: func(v *checkedVarz) float64 { return v.Connections }},
	{name: "subs", help: "subscriptions; critical below warning turns it around", value: func(v *checkedVarz) float64 { return v.Subs }},
	{name: "slow", help: "slow consumers since the start", value: func(v *checkedVarz) float64 { return v.Slow }},
	{name: "tls-cert", unit: "s", help: "time that the certificate still holds, a duration", falls: true, value: func(v *checkedVarz) float64 {
		if v.CertEnds.IsZero() {
			return 0
		}
		return v.CertEnds.Sub(v.Now).Seconds()
	}},
}

// checked is what came of a check.
type checked struct {
	Status   string   `json:"status"`
	Name     string   `json:"name"`
	Problems []string `json:"problems"`
	Figures  []figure `json:"figures"`

	code int
}

type figure struct {
	Name     string   `json:"name"`
	Value    float64  `json:"value"`
	Unit     string   `json:"unit,omitempty"`
	Warning  *float64 `json:"warning,omitempty"`
	Critical *float64 `json:"critical,omitempty"`
}

func (a *app) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "server", Short: "Check a server against thresholds, as monitoring systems want it: exit codes 0 to 3",
		Long: `Check a server against thresholds. The exit codes are those of Nagios: 0 OK, 1 WARNING, 2 CRITICAL,
3 UNKNOWN. Thresholds that are not given are not looked at.`,
		Example: "  natsctl check server --cpu-warn 80 --cpu-critical 95 --conn-critical 10000\n  natsctl check server --name one --auth-required --tls-cert-warn 720h --format prometheus",
		RunE: func(cmd *cobra.Command, _ []string) error {
			fs := cmd.Flags()
			format, _ := fs.GetString("format")
			if !slices.Contains(checkFormats, format) {
				return usage("--format: %q is none of %s", format, strings.Join(checkFormats, ", "))
			}
			limits, err := checkLimits(fs)
			if err != nil {
				return err
			}
			c := &checked{}
			var v checkedVarz
			server, err := a.client(cmd.Context())
			if err == nil {
				err = server.JSON(cmd.Context(), client.Request{Path: "/varz", Monitor: true}, &v)
			}
			if err != nil {
				c.found(checkUnknown, "%s", err)
			} else {
				c.judge(&v, fs, limits)
			}
			return a.writeCheck(c, format)
		},
	}
	fs := cmd.Flags()
	fs.String("name", "", "the name that the server must have")
	fs.Bool("auth-required", false, "clients must have to log in")
	fs.Bool("tls-required", false, "clients must have to use TLS")
	fs.String("format", checkFormats[0], "form of the answer: "+strings.Join(checkFormats, " "))
	for _, m := range measures {
		fs.String(m.name+"-warn", "", "warning: "+m.help)
		fs.String(m.name+"-critical", "", "critical: "+m.help)
	}
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(checkFormats, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return group("check", "Checks for monitoring systems", cmd)
}

var checkFormats = []string{"nagios", "json", "prometheus", "text"}

// limit is a pair of thresholds.
type limit struct{ warning, critical *float64 }

// checkLimits reads the thresholds that were given.
func checkLimits(fs *pflag.FlagSet) (map[string]limit, error) {
	limits := map[string]limit{}
	for _, m := range measures {
		var l limit
		for suffix, to := range map[string]**float64{"-warn": &l.warning, "-critical": &l.critical} {
			text := fs.Lookup(m.name + suffix).Value.String()
			if text == "" {
				continue
			}
			n, err := strconv.ParseFloat(text, 64)
			if d, derr := time.ParseDuration(text); derr == nil && m.unit == "s" {
				n, err = d.Seconds(), nil
			}
			if err != nil {
				return nil, usage("--%s%s: %q is no number", m.name, suffix, text)
			}
			*to = &n
		}
		if l.warning != nil || l.critical != nil {
			limits[m.name] = l
		}
	}
	return limits, nil
}

// found notes what is wrong.
func (c *checked) found(code int, format string, args ...any) {
	c.code = max(c.code, code)
	c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
}

// judge compares a server with what is wanted of it.
func (c *checked) judge(v *checkedVarz, fs *pflag.FlagSet, limits map[string]limit) {
	c.Name = v.Name
	if want, _ := fs.GetString("name"); want != "" && want != v.Name {
		c.found(checkCritical, "result from wrong server %s", v.Name)
	}
	for flag, has := range map[string]bool{"auth-required": v.AuthRequired, "tls-required": v.TLSRequired} {
		if want, _ := fs.GetBool(flag); want && !has {
			c.found(checkCritical, "no %s", strings.ReplaceAll(flag, "-", " "))
		}
	}
	slices.Sort(c.Problems)
	for _, m := range measures {
		l, asked := limits[m.name]
		f := figure{Name: strings.ReplaceAll(m.name, "-", "_"), Value: m.value(v), Unit: m.unit, Warning: l.warning, Critical: l.critical}
		if !asked && m.name == "tls-cert" {
			continue
		}
		c.Figures = append(c.Figures, f)
		falls := m.falls || l.warning != nil && l.critical != nil && *l.critical < *l.warning
		beyond := func(at *float64) bool {
			return at != nil && (falls && f.Value <= *at || !falls && f.Value >= *at)
		}
		switch {
		case beyond(l.critical):
			c.found(checkCritical, "%s is %s", f.Name, short(f))
		case beyond(l.warning):
			c.found(checkWarning, "%s is %s", f.Name, short(f))
		}
	}
}

func short(f figure) string { return strconv.FormatFloat(f.Value, 'f', -1, 64) + f.Unit }

func (a *app) writeCheck(c *checked, format string) error {
	c.Status = checkWords[c.code]
	switch format {
	case "json":
		writeJSON(a.out, c)
	case "prometheus":
		a.prometheus(c)
		return nil // always 0: the metrics say it
	default:
		text := strings.TrimSpace(c.Status + " " + output.Clean(cmp.Or(c.Name, "server")) + " " + output.Clean(strings.Join(c.Problems, ", ")))
		if format == "nagios" && len(c.Figures) > 0 {
			text += " |"
			for _, f := range c.Figures {
				text += fmt.Sprintf(" %s=%s;%s;%s", f.Name, short(f), threshold(f.Warning), threshold(f.Critical))
			}
		}
		fmt.Fprintln(a.out, text)
	}
	if c.code == checkOK {
		return nil
	}
	return outcome(c.code)
}

func threshold(at *float64) string {
	if at == nil {
		return ""
	}
	return strconv.FormatFloat(*at, 'f', -1, 64)
}

// prometheus writes the check as metrics, in the names that the nats command gives them.
func (a *app) prometheus(c *checked) {
	item, err := json.Marshal(cmp.Or(c.Name, "server"))
	if err != nil {
		return // a text has a form
	}
	fmt.Fprintf(a.out, "# HELP nats_server_check_status_code Outcome of the check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n# TYPE nats_server_check_status_code gauge\nnats_server_check_status_code{item=%s,status=%q} %d\n", item, c.Status, c.code)
	for _, f := range c.Figures {
		name := "nats_server_check_" + f.Name
		fmt.Fprintf(a.out, "# HELP %[1]s Figure of the check.\n# TYPE %[1]s gauge\n%[1]s{item=%[2]s} %[3]s\n", name, item, strconv.FormatFloat(f.Value, 'f', -1, 64))
	}
}
