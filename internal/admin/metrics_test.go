package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"natsd/internal/admin/api"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	n := start(t, "server_name: srv")
	a := n.ask("GET", "/metrics?server_label=name&prefix=nats", nil)
	n.want(a, http.StatusOK, nil)
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") || !strings.Contains(string(a.body), `nats_varz_connections{server_id="srv"} 0`) {
		t.Errorf("%s", a.body)
	}
	if p := n.problem(n.ask("GET", "/metrics?prefix=x&limit=0", nil), api.InvalidParameter); len(p.Errors) != 2 {
		t.Errorf("%+v", p.Errors)
	}
	a = n.ask("GET", "/metrics", nil)
	for _, result := range []string{"ok", "invalid_parameter"} {
		if !strings.Contains(string(a.body), `natsd_admin_requests_total{result="`+result+`",`) {
			t.Errorf("no requests are %s", result)
		}
	}
}

func TestTimeSeries(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	var got api.TimeSeries
	for end := time.Now().Add(patience); len(got.Items) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no points")
		}
		n.want(n.ask("GET", "/stats/timeseries?metric=msgs,mem&window=1m&step=1s", nil), http.StatusOK, &got)
	}
	v := got.Items[0].Values
	if _, ok := v["out_msgs"]; !ok || len(v) != 3 || v["mem"] == 0 || len(got.Metrics) != 2 || got.Items[0].Time.After(got.Now) {
		t.Errorf("%+v", got)
	}
	p := n.problem(n.ask("GET", "/stats/timeseries?metric=msgs,x&window=2h&step=zzz", nil), api.InvalidParameter)
	if len(p.Errors) != 3 {
		t.Errorf("%+v", p.Errors)
	}
}
