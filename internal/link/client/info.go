package client

import "natsd/internal/wire"

// Info is the INFO that clients get; the tags say what line writes. The fields from ClientID on differ between connections or
// between one INFO and the next.
type Info struct {
	ServerID     string   `json:"server_id"`
	ServerName   string   `json:"server_name"`
	Version      string   `json:"version"`
	Proto        int      `json:"proto"`
	Commit       string   `json:"git_commit,omitempty"`
	Go           string   `json:"go"`
	Host         string   `json:"host"`
	Port         int      `json:"port"`
	Headers      bool     `json:"headers"`
	AuthRequired bool     `json:"auth_required,omitempty"`
	TLSRequired  bool     `json:"tls_required,omitempty"`
	TLSVerify    bool     `json:"tls_verify,omitempty"`
	TLSAvailable bool     `json:"tls_available,omitempty"`
	MaxPayload   int      `json:"max_payload"`
	ConnectURLs  []string `json:"connect_urls,omitempty"`
	XKey         string   `json:"xkey,omitempty"`

	Cluster        string `json:"cluster,omitempty"`
	ClusterDynamic bool   `json:"cluster_dynamic,omitempty"`

	ClientID      uint64 `json:"client_id,omitempty"`
	ClientIP      string `json:"client_ip,omitempty"`
	Nonce         string `json:"nonce,omitempty"`
	LameDuck      bool   `json:"ldm,omitempty"`
	ConnectInfo   bool   `json:"connect_info,omitempty"`
	RemoteAccount string `json:"remote_account,omitempty"`
	AccountIsSys  bool   `json:"acc_is_sys,omitempty"`
}

// infoRoom is what most INFO fit into.
const infoRoom = 640

// line returns the INFO line.
func (i *Info) line() []byte {
	o := object(make([]byte, 0, infoRoom))
	o.text("server_id", i.ServerID)
	o.text("server_name", i.ServerName)
	o.text("version", i.Version)
	o.number("proto", i.Proto)
	o.textIf("git_commit", i.Commit)
	o.text("go", i.Go)
	o.text("host", i.Host)
	o.number("port", i.Port)
	o.flag("headers", i.Headers)
	o.flagIf("auth_required", i.AuthRequired)
	o.flagIf("tls_required", i.TLSRequired)
	o.flagIf("tls_verify", i.TLSVerify)
	o.flagIf("tls_available", i.TLSAvailable)
	o.number("max_payload", i.MaxPayload)
	o.textsIf("connect_urls", i.ConnectURLs)
	o.textIf("xkey", i.XKey)
	o.textIf("cluster", i.Cluster)
	o.flagIf("cluster_dynamic", i.ClusterDynamic)
	o.numberIf("client_id", i.ClientID)
	o.textIf("client_ip", i.ClientIP)
	o.textIf("nonce", i.Nonce)
	o.flagIf("ldm", i.LameDuck)
	o.flagIf("connect_info", i.ConnectInfo)
	o.textIf("remote_account", i.RemoteAccount)
	o.flagIf("acc_is_sys", i.AccountIsSys)
	return wire.AppendInfo(make([]byte, 0, len(o)+16), o.end())
}

// firstInfo is the INFO that opens the conversation.
func (s *Session) firstInfo() *Info {
	i := s.set.Info
	i.ClientID = s.conn.ID
	if !s.set.Options.ProxyProtocol {
		i.ClientIP = s.clientIP()
	}
	i.Nonce = string(s.nonce)
	s.link.addNews(&i)
	return &i
}

// laterInfo is every other one.
func (s *Session) laterInfo() *Info {
	i := s.link.Settings().Info
	i.ClientID = s.conn.ID
	i.ClientIP = s.clientIP()
	i.MaxPayload = int(s.maxPayload.Load())
	s.toldPayload.Store(int64(i.MaxPayload))
	i.AuthRequired = s.link.Settings().Auth.Required() // no_auth_user hides it from the first one only
	s.link.addNews(&i)
	return &i
}

func (s *Session) clientIP() string {
	if a := s.conn.Facts().Remote.Addr(); a.IsValid() {
		return a.String()
	}
	return ""
}

// SendInfo tells the client about a change, if its protocol lets it understand that: lameDuck says
// that this server is about to go, and change adjusts the INFO if it is not nil. It may be called by
// any goroutine.
func (s *Session) SendInfo(change func(*Info)) {
	if !s.greeted.Load() {
		return
	}
	i := s.laterInfo()
	if change != nil {
		change(i)
	}
	s.write(i.line())
	s.conn.Flush()
}

// LameDuck tells the client to go elsewhere and reports whether it can understand that.
func (s *Session) LameDuck() bool {
	if !s.greeted.Load() {
		return false
	}
	s.SendInfo(func(i *Info) { i.LameDuck = true })
	return true
}

// Broadcast sends every client that can understand it a new INFO, changed by change.
func (l *Link) Broadcast(change func(*Info)) {
	for c := range l.registry.All() {
		if s, ok := c.Session().(*Session); ok {
			s.SendInfo(change)
		}
	}
}
