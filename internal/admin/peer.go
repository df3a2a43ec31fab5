package admin

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"sync"

	"natsd/internal/admin/api"
	"natsd/internal/config"
)

// peer is the process at the other end of the unix socket. It is immutable.
type peer struct {
	known    bool // the system tells who it is
	uid, gid int
	user     func() *account // looked up at the first use: that may ask other machines
}

// account is what the system knows about the user of a process.
type account struct {
	name   string   // empty if it has none
	groups []string // ids and names
}

type peerKey struct{}

// withPeer notes who is at the other end of a unix socket. Requests that come over TCP have no peer. It is
// called where connections are accepted and must not take long.
func withPeer(ctx context.Context, sock net.Conn) context.Context {
	u, ok := sock.(*net.UnixConn)
	if !ok {
		return ctx
	}
	p := &peer{}
	if uid, gid, err := credentials(u); err == nil {
		p = newPeer(uid, gid)
	}
	return context.WithValue(ctx, peerKey{}, p)
}

func peerOf(ctx context.Context) *peer {
	p, _ := ctx.Value(peerKey{}).(*peer)
	return p
}

func newPeer(uid, gid int) *peer {
	return &peer{known: true, uid: uid, gid: gid, user: sync.OnceValue(func() *account { return lookUp(uid, gid) })}
}

// lookUp asks the system about a user.
func lookUp(uid, gid int) *account {
	a := &account{groups: []string{strconv.Itoa(gid)}}
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		a.name = u.Username
		if ids, err := u.GroupIds(); err == nil {
			a.groups = append(a.groups, ids...)
		}
	}
	for _, id := range a.groups {
		if g, err := user.LookupGroupId(id); err == nil {
			a.groups = append(a.groups, g.Name)
		}
	}
	return a
}

// addressed gives a request over the unix socket an address, by which it is counted: the user at the other
// end. The socket itself has none that tells one process from another.
func addressed(r *http.Request) *http.Request {
	p := peerOf(r.Context())
	if p == nil {
		return r
	}
	named := r.WithContext(r.Context())
	named.RemoteAddr = "unix"
	if p.known {
		named.RemoteAddr = "unix uid " + strconv.Itoa(p.uid)
	}
	return named
}

// identity gives a process its role: the one of its user; else the greatest of its groups; the user of
// the server and root are admins unless the configuration says otherwise.
func (p *peer) identity(o *config.Admin) *identity {
	if !p.known {
		return nobody
	}
	who := &identity{method: api.MethodUnix, subject: "uid:" + strconv.Itoa(p.uid), role: p.role(o)}
	if who.role == none {
		return nobody
	}
	return who
}

func (p *peer) role(o *config.Admin) role {
	if r, ok := o.UIDRoles[strconv.Itoa(p.uid)]; ok {
		return roleOf(r)
	}
	if len(o.UIDRoles) > 0 {
		if r, ok := o.UIDRoles[p.user().name]; ok {
			return roleOf(r)
		}
	}
	if p.uid == 0 || p.uid == os.Getuid() {
		return admin
	}
	best := none
	if len(o.GIDRoles) > 0 {
		for _, g := range p.user().groups {
			best = max(best, roleOf(o.GIDRoles[g]))
		}
	}
	return best
}
