package metrics_test

import (
	"net"
	"testing"

	"natsd/test/inside"
)

// BenchmarkScrape asks for the metrics of a server with many connections.
func BenchmarkScrape(b *testing.B) {
	for _, query := range []string{"", "?detailed=1"} {
		b.Run(query, func(b *testing.B) {
			n := start(b, "")
			const conns = 2000
			for range conns {
				c, err := net.Dial("tcp", n.ClientAddr().String())
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = c.Close() })
			}
			inside.Until(b, "all are there", func() bool { return n.Counters().Connections == conns })
			b.ReportAllocs()
			for b.Loop() {
				n.get("/metrics" + query)
			}
		})
	}
}
