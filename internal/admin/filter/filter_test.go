package filter

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var kinds = map[string]Kind{
	"name": Text, "account": Text, "out_bytes": Number, "rate": Milli, "idle": Duration, "start": Time, "tls": Bool, "tags": Words,
}

func lookup(name string) (string, Kind, bool) {
	k, ok := kinds[name]
	return name, k, ok
}

// rowOf is one row for all cases.
func rowOf(field string) Value {
	return map[string]Value{
		"name": {Text: `worker.7 "x"`}, "account": {Text: "APP"}, "out_bytes": {Int: 2e9}, "rate": {Int: 1500},
		"idle": {Int: int64(90 * time.Minute)}, "start": {Int: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()},
		"tls": {Int: 1}, "tags": {Words: []string{"blue", "eu"}},
	}[field]
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want bool
	}{
		{`out_bytes>1e9 && account=="APP" && name~"worker.*"`, true},
		{`out_bytes>1e9&&account=="APP"&&name~"worker.?"`, false},
		{`account=APP`, true},
		{`account!=APP || tls`, true},
		{`!tls`, false},
		{`!(tls && account==OTHER)`, true},
		{`tls==false || tls==no`, false},
		{`tls && tls || tls && !tls`, true},
		{`name=='worker.7 "x"'`, true},
		{`name=="worker.7 \"x\""`, true},
		{`name!~*`, false},
		{`name<zzz`, true},
		{`out_bytes>=2g`, true},
		{`out_bytes<1GiB`, false},
		{`out_bytes==2e9`, true},
		{`rate>1.4 && rate<1.6`, true},
		{`idle>1h && idle<=5400 && idle<2d && idle<1d1h`, true},
		{`start>2026-01-01 && start<2026-01-02T03:04:06Z`, true},
		{`tags==eu`, true},
		{`tags!=eu`, false},
		{`tags~bl*`, true},
		{`tags!~x*`, true},
		{" \t( ( tls ) )\n", true},
	} {
		e, err := Parse(c.text, lookup)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := e.Match(rowOf); got != c.want {
			t.Errorf("%s: %v", c.text, got)
		}
	}
	var all *Expr[string]
	if !all.Match(rowOf) {
		t.Error("no expression refuses a row")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                                "column 1: a field is expected, not the end",
		`out_bytes`:                       `column 10: an operator such as == is expected, not the end`,
		`out_bytes>`:                      "column 11: a value is expected, not the end",
		`out_bytes>x`:                     `column 11: "x" is not a number such as 1000, 1e9, 10k or 1MiB`,
		`out_bytes>NaN`:                   `column 11: "NaN" is not a number such as 1000, 1e9, 10k or 1MiB`,
		`out_bytes~5`:                     "column 10: ~ does not go with a number",
		`tls<true`:                        "column 4: < does not go with a truth",
		`size>5`:                          `column 1: there is no field "size"`,
		`tls tls`:                         `column 5: && or || is expected, not "tls"`,
		`(tls`:                            `column 5: ")" is expected, not the end`,
		`tls)`:                            `column 4: && or || is expected, not ")"`,
		`tls && `:                         "column 8: a field is expected, not the end",
		`tls & tls`:                       `column 5: '&' has no meaning here; a text with it stands in quotes`,
		`name=="ä`:                        "column 7: the text that begins here has no end",
		`name=="ä" && x==1`:               `column 14: there is no field "x"`,
		`idle>soon`:                       `column 6: "soon" is not a duration such as 90s, 1h30m or 2d`,
		`start>now`:                       `column 7: "now" is not a time such as 2026-01-31T12:00:00Z`,
		`tls==maybe`:                      `column 6: "maybe" is not true or false`,
		`5>out_bytes`:                     `column 1: there is no field "5"`,
		strings.Repeat("!", 40) + "tls":   "column 33: the expression is nested too deeply",
		strings.Repeat(" ", 5000) + "tls": "column 4097: the expression is too long",
	} {
		_, err := Parse(text, lookup)
		var e *Error
		if !errors.As(err, &e) || e.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// Whatever comes, the parser returns; what it accepts can be asked, and its opposite is the opposite.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`out_bytes>1e9 && account=="APP"`, `!(tls||name~"a*")`, `tags!=x`, `idle>1d2h`, "name=='\\''", "((", "&&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, lookup)
		if err != nil {
			var at *Error
			if !errors.As(err, &at) || at.Column < 1 || at.Column > len(text)+1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		opposite, err := Parse("!("+text+")", lookup)
		if err != nil { // too deep or too long by that
			return
		}
		if e.Match(rowOf) == opposite.Match(rowOf) {
			t.Errorf("%q and its opposite agree", text)
		}
	})
}
