package watch

import "syscall"

// shared names the file systems that can change without an event here: on another machine, in the
// host, or in a layer below. The numbers are those of statfs(2).
var shared = map[uint32]string{
	0x6969:     "nfs",
	0x517b:     "smb",
	0xff534d42: "cifs",
	0xfe534d42: "smb2",
	0x65735546: "fuse",
	0x01021997: "9p",
	0x794c7630: "overlay",
	0x61756673: "aufs",
	0x00c36400: "ceph",
	0x5346414f: "afs",
	0x6b414653: "afs",
	0x73757245: "coda",
	0x0bd00bd0: "lustre",
	0x01161970: "gfs2",
	0x7461636f: "ocfs2",
	0x786f4256: "vboxsf",
	0xbacbacbc: "vmhgfs",
}

// sharedFS names the file system of a directory when its events cannot be relied on; else "".
func sharedFS(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return ""
	}
	return shared[uint32(s.Type)]
}
