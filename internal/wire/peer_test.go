package wire

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var peer = Limits{ControlLine: 65536, Payload: -1, Peer: true}

// runPeer is run for a connection between servers.
func runPeer(limits Limits, chunks ...[]byte) []string {
	d := Decoder{Limits: limits}
	defer d.Release()
	var out []string
	for _, c := range chunks {
		d.Feed(c)
		for {
			op, err := d.Next()
			if err != nil {
				return append(out, "error: "+err.Error())
			}
			if op == NeedMore {
				break
			}
			out = append(out, showPeer(op, &d.Args))
		}
	}
	return out
}

func showPeer(op Op, a *Args) string {
	switch op {
	case PeerSub:
		return fmt.Sprintf("sub %s,%s,%s,%s,%d", a.Origin, a.Account, a.Subject, a.Queue, a.Weight)
	case PeerUnsub:
		return fmt.Sprintf("unsub %s,%s,%s,%s", a.Origin, a.Account, a.Subject, a.Queue)
	case PeerMsg:
		groups := strings.Join(strings.Fields(string(a.Groups)), " ")
		return fmt.Sprintf("msg %s,%s,%s,%s,%s,%d,%s", a.Origin, a.Account, a.Subject, a.Reply, groups, a.HeaderLen, a.Body)
	case Ignored:
		return "ignored"
	default:
		return show(op, a)
	}
}

func TestDecodePeer(t *testing.T) {
	t.Parallel()
	pinned, origins := peer, peer
	pinned.Pinned, origins.Origins = true, true
	tests := []struct {
		limits Limits
		in     string
		want   string
	}{
		{peer, "RS+ $G foo\r\n", "sub ,$G,foo,,-1"},
		{peer, "rs+  $G\tfoo q  12 \r\n", "sub ,$G,foo,q,12"},
		{peer, "RS+ $G foo q 0\r\n", "sub ,$G,foo,q,0"},
		{peer, "RS+ $G foo q x\r\n", "sub ,$G,foo,q,-1"},
		{peer, "RS- $G foo\r\nRS- $G foo q\r\n", "unsub ,$G,foo,|unsub ,$G,foo,q"},
		{peer, "LS+ ORIG $G foo\r\nLS- $G foo\r\n", "sub ORIG,$G,foo,,-1|unsub ,$G,foo,"},
		{origins, "LS+ ORIG $G foo q 2\r\nLS- ORIG $G foo q\r\n", "sub ORIG,$G,foo,q,2|unsub ORIG,$G,foo,q"},
		{pinned, "RS+ foo\r\nRS+ foo q 1\r\nRS- foo\r\n", "sub ,,foo,,-1|sub ,,foo,q,1|unsub ,,foo,"},
		{peer, "RMSG $G foo 2\r\nhi\r\n", "msg ,$G,foo,,,-1,hi"},
		{peer, "RMSG $G foo rep 2\r\nhi\r\n", "msg ,$G,foo,rep,,-1,hi"},
		{peer, "RMSG $G foo + rep q1 q2 2\r\nhi\r\n", "msg ,$G,foo,rep,q1 q2,-1,hi"},
		{peer, "RMSG $G foo | q1 2\r\nhi\r\n", "msg ,$G,foo,,q1,-1,hi"},
		{peer, "HMSG $G foo 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "msg ,$G,foo,,,12,NATS/1.0\r\n\r\nhi"},
		{peer, "HMSG $G foo rep 12 12\r\nNATS/1.0\r\n\r\n\r\n", "msg ,$G,foo,rep,,12,NATS/1.0\r\n\r\n"},
		{peer, "HMSG $G foo | q 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "msg ,$G,foo,,q,12,NATS/1.0\r\n\r\nhi"},
		{peer, "LMSG O $G foo 0 1\r\nx\r\n", "msg O,$G,foo,,,-1,x"},
		{peer, "LMSG O $G foo + r q 0 1\r\nx\r\n", "msg O,$G,foo,r,q,-1,x"},
		{pinned, "RMSG foo 1\r\nx\r\nRMSG foo | q 1\r\nx\r\nHMSG foo + r q 12 12\r\nNATS/1.0\r\n\r\n\r\n", "msg ,,foo,,,-1,x|msg ,,foo,,q,-1,x|msg ,,foo,r,q,12,NATS/1.0\r\n\r\n"},
		{peer, "PING\r\npong\r\n+OK\r\n-ERR 'x'\r\n", "op 6|op 7|op 8|text 9 \"'x'\""},
		{peer, "A+ $G\r\na- $G\r\nSUB foo 1\r\nUNSUB 1\r\n", "ignored|ignored|ignored|ignored"},
		{peer, "RS+ $G\r\n", "error: malformed arguments"},
		{peer, "RS+ $G foo q\r\n", "error: malformed arguments"},
		{peer, "RS+ $G foo q 1 2\r\n", "error: malformed arguments"},
		{peer, "RS- $G\r\n", "error: malformed arguments"},
		{peer, "LS+ $G foo\r\n", "error: malformed arguments"},
		{peer, "RMSG $G 1\r\n", "error: malformed arguments"},
		{peer, "RMSG $G foo x\r\n", "error: malformed arguments"},
		{peer, "RMSG $G foo * q 1\r\n", "error: malformed arguments"},
		{peer, "HMSG $G foo 10 5\r\n", "error: malformed arguments"},
		{peer, "RMSG $G foo 1\r\nxyz\r\n", "error: unknown protocol operation"},
		{peer, "PUB foo 1\r\nx\r\n", "error: unknown protocol operation"},
		{peer, "MSG foo 1 1\r\n", "error: unknown protocol operation"},
		{peer, "XYZ\r\n", "error: unknown protocol operation"},
	}
	for _, c := range tests {
		if got := strings.Join(runPeer(c.limits, []byte(c.in)), "|"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
		if got := strings.Join(runPeer(c.limits, bytesOf(c.in)...), "|"); got != c.want {
			t.Errorf("%q byte by byte: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPeerConnectFirst(t *testing.T) {
	t.Parallel()
	first := peer
	first.ConnectFirst = true
	for _, in := range []string{"INFO {}\r\n", "RS+ $G foo\r\n", "PING\r\n"} {
		d := Decoder{Limits: first}
		d.Feed([]byte(in))
		if _, err := d.Next(); !errors.Is(err, ErrConnectFirst) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// However the bytes are cut, the operations are the same: in every state that a handshake can be in.
func FuzzDecodePeer(f *testing.F) {
	for _, s := range []string{
		"CONNECT {\"name\":\"N\"}\r\nINFO {}\r\nRS+ $G foo q 2\r\nRMSG $G foo + r q 2\r\nhi\r\nPING\r\n",
		"LS+ O $G foo\r\nLS- O $G foo\r\nLMSG O $G foo | a b 0 3\r\nabc\r\nHMSG $G f 12 12\r\nNATS/1.0\r\n\r\n\r\n",
		"RS- $G foo\nA+ x\r\nSUB a 1\r\n-ERR 'x'\r\n+OK\r\n", "RMSG a b | 1\r\nx\r\n", "rmsg a b + 1\r\nx\r\n",
	} {
		for state := range byte(8) {
			f.Add([]byte(s), 3, state)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, cut int, state byte) {
		limits := Limits{
			ControlLine: 256, Payload: 1024, Peer: true,
			ConnectFirst: state&1 != 0, Pinned: state&2 != 0, Origins: state&4 != 0,
		}
		whole := runPeer(limits, in)
		cut = min(max(cut, 0), len(in))
		for _, parts := range [][][]byte{{in[:cut], in[cut:]}, bytesOf(string(in))} {
			if got := runPeer(limits, parts...); !slices.Equal(got, whole) {
				t.Errorf("%q in %d parts:\n%q\n%q", in, len(parts), got, whole)
			}
		}
	})
}

// What the encoders write, the decoder reads.
func TestEncodePeer(t *testing.T) {
	t.Parallel()
	for _, account := range []string{"", "ACC"} {
		limits := peer
		limits.Pinned = account == ""
		var in []byte
		in = AppendInterest(in, account, "foo", "", 1)
		in = AppendInterest(in, account, "foo", "q", 3)
		in = AppendInterest(in, account, "foo", "q", 0)
		in = AppendInterest(in, account, "foo", "", 0)
		for _, reply := range []string{"", "r"} {
			for _, groups := range [][]string{nil, {"q1"}, {"q1", "q2"}} {
				for _, head := range []string{"", "12"} {
					body := "NATS/1.0\r\n\r\nhi"
					in = AppendPeerMsg(in, account, []byte("foo"), head != "")
					in = AppendReply(in, []byte(reply), len(groups) > 0)
					for _, g := range groups {
						in = AppendGroup(in, g)
					}
					in = AppendSizes(in, []byte(head), strconv.AppendInt(nil, int64(len(body)), 10))
					in = append(in, body+CRLF...)
				}
			}
		}
		got := runPeer(limits, in)
		want := []string{
			"sub ,A,foo,,-1", "sub ,A,foo,q,3", "unsub ,A,foo,q", "unsub ,A,foo,",
			"msg ,A,foo,,,-1,B", "msg ,A,foo,,,12,B", "msg ,A,foo,,q1,-1,B", "msg ,A,foo,,q1,12,B",
			"msg ,A,foo,,q1 q2,-1,B", "msg ,A,foo,,q1 q2,12,B",
			"msg ,A,foo,r,,-1,B", "msg ,A,foo,r,,12,B", "msg ,A,foo,r,q1,-1,B", "msg ,A,foo,r,q1,12,B",
			"msg ,A,foo,r,q1 q2,-1,B", "msg ,A,foo,r,q1 q2,12,B",
		}
		for i := range want {
			want[i] = strings.Replace(strings.Replace(want[i], ",A,", ","+account+",", 1), ",B", ",NATS/1.0\r\n\r\nhi", 1)
		}
		if !slices.Equal(got, want) {
			t.Errorf("account %q:\n%q\n%q", account, got, want)
		}
	}
}
