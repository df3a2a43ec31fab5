package top

import (
	"time"
)

// Sample is what a server said at one moment, as far as it was asked. It can be written down and played
// again.
type Sample struct {
	Server   Server    `json:"varz"`
	Conns    []Conn    `json:"connections,omitempty"`
	Total    int       `json:"total"` // connections of the server
	Accounts []Account `json:"accounts,omitempty"`
	Routes   []Route   `json:"routes,omitempty"`
	Slow     []Conn    `json:"slow,omitempty"` // open ones that lag, then closed ones that lagged
	Subs     []Sub     `json:"subscriptions,omitempty"`
}

// Server is what varz says.
type Server struct {
	ID            string    `json:"server_id"`
	Name          string    `json:"server_name"`
	Version       string    `json:"version"`
	Now           time.Time `json:"now"`
	Uptime        string    `json:"uptime"`
	CPU           float64   `json:"cpu"`
	Mem           int64     `json:"mem"`
	Connections   int       `json:"connections"`
	MaxConns      int       `json:"max_connections"`
	TotalConns    uint64    `json:"total_connections"`
	Routes        int       `json:"routes"`
	Leafnodes     int       `json:"leafnodes"`
	Subscriptions uint32    `json:"subscriptions"`
	Slow          int64     `json:"slow_consumers"`
	Stalled       int64     `json:"stalled_clients"`
	InMsgs        int64     `json:"in_msgs"`
	OutMsgs       int64     `json:"out_msgs"`
	InBytes       int64     `json:"in_bytes"`
	OutBytes      int64     `json:"out_bytes"`
	ConfigLoaded  time.Time `json:"config_load_time"`
}

// Conn is one connection of connz.
type Conn struct {
	CID      uint64    `json:"cid"`
	Name     string    `json:"name,omitempty"`
	IP       string    `json:"ip"`
	Port     int       `json:"port"`
	Account  string    `json:"account,omitempty"`
	User     string    `json:"authorized_user,omitempty"`
	Lang     string    `json:"lang,omitempty"`
	Version  string    `json:"version,omitempty"`
	Start    time.Time `json:"start"`
	Last     time.Time `json:"last_activity"`
	Uptime   string    `json:"uptime"`
	Idle     string    `json:"idle"`
	RTT      string    `json:"rtt,omitempty"`
	NumSubs  int       `json:"subscriptions"`
	Pending  int64     `json:"pending_bytes"`
	InMsgs   int64     `json:"in_msgs"`
	OutMsgs  int64     `json:"out_msgs"`
	InBytes  int64     `json:"in_bytes"`
	OutBytes int64     `json:"out_bytes"`
	Stalls   int64     `json:"stalls,omitempty"`
	Reason   string    `json:"reason,omitempty"` // of the end of a closed one
	Subs     []string  `json:"subscriptions_list,omitempty"`
	Detail   []Sub     `json:"subscriptions_list_detail,omitempty"`
}

// Sub is one subscription.
type Sub struct {
	Subject string `json:"subject"`
	Queue   string `json:"qgroup,omitempty"`
	SID     string `json:"sid"`
	Msgs    int64  `json:"msgs"`
	Max     int64  `json:"max,omitempty"`
}

// Account is one account of accstatz.
type Account struct {
	Name     string  `json:"acc"`
	Conns    int     `json:"conns"`
	Leafs    int     `json:"leafnodes"`
	NumSubs  int     `json:"num_subscriptions"`
	Sent     Traffic `json:"sent"`
	Received Traffic `json:"received"`
	Slow     int64   `json:"slow_consumers"`
}

// Traffic is messages and bytes.
type Traffic struct {
	Msgs  int64 `json:"msgs"`
	Bytes int64 `json:"bytes"`
}

// Route is one connection of routez.
type Route struct {
	RID      uint64 `json:"rid"`
	Name     string `json:"remote_name"`
	IP       string `json:"ip"`
	Port     int    `json:"port"`
	Account  string `json:"account,omitempty"`
	RTT      string `json:"rtt,omitempty"`
	Uptime   string `json:"uptime"`
	NumSubs  int    `json:"subscriptions"`
	Pending  int64  `json:"pending_size"`
	InMsgs   int64  `json:"in_msgs"`
	OutMsgs  int64  `json:"out_msgs"`
	InBytes  int64  `json:"in_bytes"`
	OutBytes int64  `json:"out_bytes"`
}
