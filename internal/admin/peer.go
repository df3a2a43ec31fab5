package admin

import (
	"context"
	"net"
	"os"
	"os/user"
	"strconv"

	"natsd/internal/admin/api"
	"natsd/internal/config"
)

// peer is the process at the other end of the unix socket.
type peer struct {
	known  bool // the system tells who it is
	uid    int
	groups []string // ids and names
	name   string   // of the user, if it has one
}

type peerKey struct{}

// withPeer notes who is at the other end of a unix socket. Requests that come over TCP have no peer.
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
	p := &peer{known: true, uid: uid, groups: []string{strconv.Itoa(gid)}}
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		p.name = u.Username
		if ids, err := u.GroupIds(); err == nil {
			p.groups = append(p.groups, ids...)
		}
	}
	for _, id := range p.groups {
		if g, err := user.LookupGroupId(id); err == nil {
			p.groups = append(p.groups, g.Name)
		}
	}
	return p
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
	for _, name := range []string{strconv.Itoa(p.uid), p.name} {
		if r, ok := o.UIDRoles[name]; ok {
			return roleOf(r)
		}
	}
	if p.uid == 0 || p.uid == os.Getuid() {
		return admin
	}
	best := none
	for _, g := range p.groups {
		best = max(best, roleOf(o.GIDRoles[g]))
	}
	return best
}
