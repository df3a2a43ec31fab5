package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestCheckServer(t *testing.T) {
	t.Parallel()
	l := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"server_name":"one","now":"2026-01-02T01:00:00Z","start":"2026-01-02T00:00:00Z","cpu":12.5,"mem":1048576,"connections":7,"subscriptions":30,"auth_required":true,"tls_cert_not_after":"2026-01-12T01:00:00Z"}`))
	})
	for args, c := range map[string]struct {
		code int
		want string
	}{
		"":                                             {0, "OK one | uptime=3600s;; cpu=12.5%;; mem=1048576B;; conn=7;; subs=30;; slow=0;;\n"},
		"--cpu-warn 10 --cpu-critical 90":              {1, "WARNING one cpu is 12.5% | uptime=3600s;; cpu=12.5%;10;90 "},
		"--cpu-warn 5 --cpu-critical 10":               {2, "CRITICAL one cpu is 12.5%"},
		"--conn-warn 10 --conn-critical 5":             {1, "WARNING one conn is 7"},
		"--conn-warn 100 --conn-critical 200":          {0, "OK one"},
		"--uptime-warn 2h":                             {1, "WARNING one uptime is 3600s"},
		"--uptime-critical 10s":                        {0, "OK one"},
		"--tls-cert-warn 720h --tls-cert-critical 24h": {1, "WARNING one tls_cert is 864000s"},
		"--auth-required":                              {0, "OK one"},
		"--tls-required --name two":                    {2, "CRITICAL one no tls required, result from wrong server one"},
		"--format text":                                {0, "OK one\n"},
		"--format json":                                {0, `"status": "OK"`},
		"--format prometheus --cpu-critical 1":         {0, "nats_server_check_status_code{item=\"one\",status=\"CRITICAL\"} 2\n"},
		"--cpu-warn many":                              {2, ""},
		"--format xml":                                 {2, ""},
	} {
		got := try(t, append(strings.Fields("check server -s "+l.URL), strings.Fields(args)...)...)
		if got.code != c.code || !strings.HasPrefix(got.out, c.want) && !strings.Contains(got.out, c.want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
	if got := try(t, "check", "server"); got.code != checkUnknown || !strings.HasPrefix(got.out, "UNKNOWN server no server found") {
		t.Errorf("%+v", got)
	}
}
