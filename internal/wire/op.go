package wire

import "errors"

// Op is one operation of a client or of another server.
type Op uint8

// The operations. NeedMore tells that everything that was fed has been used up.
const (
	NeedMore Op = iota
	Connect     // Args.Text holds the JSON object
	Info        // Args.Text holds the JSON object
	Pub         // PUB and HPUB
	Sub
	Unsub
	Ping
	Pong
	OK
	Err // Args.Text holds the error text that the client sent

	// Operations between servers.

	PeerSub   // RS+ and LS+
	PeerUnsub // RS- and LS-
	PeerMsg   // RMSG, HMSG and LMSG
	Ignored   // known and without effect: A+, A-, SUB, UNSUB
)

// NoHeader is the HeaderLen of a message that was published without a header block.
const NoHeader = -1

// Args are the arguments of the operation that [Decoder.Next] returned last. The slices are
// borrowed: they stay valid until [Decoder.Rest] or the next call of [Decoder.Feed].
type Args struct {
	Subject []byte
	Reply   []byte // empty when there is none
	Queue   []byte // empty for a plain subscription
	SID     []byte

	// Body is the header block, if any, and the payload behind it, without the closing CR LF.
	Body      []byte
	HeaderLen int    // bytes of Body that are the header block; NoHeader for PUB
	HeaderTok []byte // HeaderLen as the client wrote it
	SizeTok   []byte // len(Body) as the client wrote it

	// Of operations between servers.

	Account []byte // empty on a connection that serves one account
	Origin  []byte // cluster of leaf nodes that it comes from; empty if none
	Groups  []byte // names of the chosen queue groups as they were sent, see [NextField]
	Weight  int    // members of the group; negative when not a number

	Max  int    // of UNSUB; 0 when absent or not a number
	Text []byte // JSON of CONNECT and INFO, text of -ERR
	Line []byte // all arguments as they were sent, for tracing
}

// Limits bound what a client may send. They may change between two calls of [Decoder.Next].
type Limits struct {
	ControlLine  int  // bytes of arguments on a control line, inclusive
	Payload      int  // bytes of a header block and payload together, inclusive; negative is unlimited
	Headers      bool // HPUB is allowed
	ConnectFirst bool // nothing but CONNECT is allowed

	// Of connections between servers.

	Peer    bool // operations are those of servers
	Pinned  bool // the account is left out
	Origins bool // LS- names the origin
}

// The ways in which input can be wrong. After any of them the decoder is of no more use.
var (
	// ErrUnknownOp is a verb that does not exist, or a payload that does not end where it should.
	ErrUnknownOp = errors.New("unknown protocol operation")
	// ErrArguments is a control line with the wrong number or form of arguments.
	ErrArguments = errors.New("malformed arguments")
	// ErrControlLine is a control line above the limit.
	ErrControlLine = errors.New("control line too long")
	// ErrPayload is an announced size above the limit; the payload itself is not waited for.
	ErrPayload = errors.New("payload too large")
	// ErrConnectFirst is any other operation where CONNECT has to come first.
	ErrConnectFirst = errors.New("not connected yet")
)
