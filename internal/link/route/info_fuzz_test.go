package route

import (
	"context"
	"errors"
	"net"
	"testing"
)

// Whatever the fields of an INFO hold, the first one or a later one, the server stands, and nothing of it is
// left when the connection is gone.
func FuzzInfo(f *testing.F) {
	for state := range byte(3) {
		f.Add("NPEER", "peer", "C1", "", "", "", "", 0, 0, 1, 0, false, state)
		f.Add("NPEER", "own", "C1", "ACC", "", "", "off", 3, 0, 1, 1, true, state)
		f.Add("NPEER", "peer", "", "ACC", "", "id", "s2_fast", 3, 2, 6222, 2, false, state)
		f.Add("NOTHER", "other", "C1", "", "nats-route://10.0.0.1:6222/", "", "s2_auto", 1, 7, -1, -1, true, state)
		f.Add("NOWN", "own", "C2", "$SYS", "nats-route://u:p@[::1]:1/", "id", "zip", 1<<40, -1, 1<<20, 9, true, state)
	}
	f.Fuzz(func(t *testing.T, id, name, cluster, account, ip, request, mode string, size, index, port, gossip int, dynamic bool, state byte) {
		h := newHost(t, `accounts { ACC {} }, cluster { name: C1, port: -1, accounts: [ACC], compression: s2_fast }`)
		h.Dial = func(context.Context, string) (net.Conn, error) { return nil, errors.New("no network") }
		w := h.accept(t)
		h.Tasks.Go("drain", func(context.Context) {
			for {
				if _, err := w.hear(); err != nil {
					return
				}
			}
		})
		text := connectLine + "\r\n"
		switch i := (&Info{ServerID: "NPEER", ServerName: "peer", Cluster: "C1", PoolSize: 3}); state % 3 {
		case 1:
			text += string(i.line())
		case 2:
			i.Account = "ACC"
			text += string(i.line())
		}
		i := Info{
			ServerID: id, ServerName: name, Cluster: cluster, ClusterDynamic: dynamic, Account: account, IP: ip, AddRequest: request,
			Compression: mode, PoolSize: size, PoolIndex: index, Host: name, Port: port, GossipMode: gossip, LameDuck: dynamic,
			ConnectURLs: []string{ip, name}, Import: &rules{Allow: []string{account}}, Export: &rules{Deny: []string{cluster}},
		}
		_, _ = w.Write(append([]byte(text), i.line()...))
		_, _ = w.Write([]byte("RS+ " + account + " foo\r\nRMSG " + account + " foo 2\r\nhi\r\n"))
		_ = w.Close()
		eventually(t, "end of the connection and of all that it has brought", func() bool {
			left := h.Registry.Len() + h.Up() + h.Remotes() + len(h.urls.All())
			for _, a := range h.Broker.Accounts() {
				left += a.Index().Len()
			}
			return left == 0
		})
	})
}
